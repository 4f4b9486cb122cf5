# The cloud that a campaign needs. Today: where it reads and writes.

module "storage" {
  source          = "./modules/storage"
  prefix          = var.prefix
  noncurrent_days = var.noncurrent_days
}
