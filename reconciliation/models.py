"""Judgements. Proposals, confirmations and rejections come with the matcher."""
