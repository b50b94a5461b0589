"""pluggy: bank accounts, cards and their lines through Open Finance."""
