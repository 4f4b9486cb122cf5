"""The words of the domain: product, campaign, spot and result, with their Arrow schemas."""
