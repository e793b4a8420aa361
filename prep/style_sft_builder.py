"""The founding guide's command: a backup of articles in, training files out.

    python prep/style_sft_builder.py --backup_dir Wechat-Backup --output_dir data

A thin door to `styletui_prep.pipeline.prepare`; `styletui prep` offers more. The guide's 总结展开 is the
outline view here, its 续写 the continue view. (1 - train_ratio) is halved between validation and test.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from styletui_prep.errors import EXIT_DONE, UserError
from styletui_prep.events import ignore, never
from styletui_prep.pipeline import PrepConfig, PrepResult, prepare


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Backup of articles to training samples. 备份 → 训练样本。")
    parser.add_argument("--backup_dir", type=Path, required=True, help="the backup folder / 备份文件夹")
    parser.add_argument("--output_dir", type=Path, required=True, help="where the dataset goes / 输出文件夹")
    parser.add_argument("--train_ratio", type=float, default=0.9, help="share to train on / 训练占比 (0.9)")
    parser.add_argument("--seed", type=int, default=42, help="seed of every random choice / 随机种子 (42)")
    parser.add_argument(
        "--model", type=Path, help="model folder whose tokenizer counts / 用其分词器计数的模型"
    )
    return parser.parse_args(argv)


def _sentence(error: UserError) -> str:
    """The error in words when the terminal program is installed beside us, else its code."""
    try:
        from styletui.messages import explain
    except ImportError:
        details = ", ".join(f"{name}={value}" for name, value in error.params.items())
        return f"{error.code} ({details})"
    return str(explain(error.code, error.params))


def _summary(result: PrepResult) -> str:
    lines = [f"{name:18} {count}" for name, count in result.funnel.items()]
    lines += [f"skipped: {reason} x {count}" for reason, count in result.skipped.items()]
    lines += [f"sft_{split}.jsonl: {count}" for split, count in result.samples.items()]
    return "\n".join([*lines, f"-> {result.out}"])


def main(argv: list[str] | None = None) -> int:
    """Build the dataset; returns the exit code."""
    arguments = _arguments(argv)
    config = PrepConfig(
        sources=(arguments.backup_dir,),
        out=arguments.output_dir,
        tokenizer=arguments.model,
        seed=arguments.seed,
        train_ratio=arguments.train_ratio,
    )
    try:
        result = prepare(config, ignore, never)
    except UserError as error:
        sys.stderr.write(_sentence(error) + "\n")
        return error.exit_code
    sys.stdout.write(_summary(result) + "\n")
    return EXIT_DONE


if __name__ == "__main__":
    raise SystemExit(main())
