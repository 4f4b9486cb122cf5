variable "prefix" {
  description = "Begins the key's alias."
  type        = string
}

variable "signer_role_names" {
  description = "Roles of this account that may sign. Empty: nobody may, until they are named."
  type        = list(string)
  default     = []
}
