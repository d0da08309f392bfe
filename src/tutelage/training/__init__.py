"""One file per method: sft, reward, dpo."""
