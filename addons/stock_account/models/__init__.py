"""What stock accounting adds to other addons' models."""

from addons.stock_account.models import account, product, stock
