"""Backups to documents, documents to chunks, chunks to training samples."""
