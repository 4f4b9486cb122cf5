variable "prefix" {
  description = "Begins the repositories' names."
  type        = string
}
