# Kubernetes for the Ray cluster: an API that only the network reaches, the Ray head on demand, and
# workers on spot machines that may go to none. KubeRay and the manifests of cluster/kubernetes/ are
# put on it with kubectl: docs/operations.md.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  groups = merge(
    { head = { instance_types = var.head_instance_types, capacity = "ON_DEMAND", least = 1, most = 1, disk_gb = 100, accelerator = null } },
    { cpu = { instance_types = var.cpu_instance_types, capacity = "SPOT", least = 0, most = var.cpu_nodes, disk_gb = 100, accelerator = null } },
    { for name, gpu in var.gpu_groups : name => { instance_types = gpu.instance_types, capacity = gpu.spot ? "SPOT" : "ON_DEMAND", least = 0, most = gpu.nodes, disk_gb = gpu.disk_gb, accelerator = gpu.accelerator } },
  )
  trust = {
    for service in ["eks", "ec2"] : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Service = "${service}.amazonaws.com" }
        Action    = "sts:AssumeRole"
      }]
    })
  }
  managed = "arn:${data.aws_partition.this.partition}:iam::aws:policy"
}

resource "aws_kms_key" "this" {
  description             = "${var.prefix}: encrypts the cluster's secrets"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RolesDecide"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.this.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_iam_role" "cluster" {
  name               = "${var.prefix}-cluster"
  description        = "The control plane of the cluster"
  assume_role_policy = local.trust.eks
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "${local.managed}/AmazonEKSClusterPolicy"
}

resource "aws_eks_cluster" "this" {
  #checkov:skip=CKV_AWS_38:Addresses that may reach the API are given one by one, and all of them are refused by the variable's rule.
  #checkov:skip=CKV_AWS_39:The public endpoint is off unless addresses are named.
  name     = var.prefix
  version  = var.kubernetes_version
  role_arn = aws_iam_role.cluster.arn
  vpc_config {
    subnet_ids              = var.subnet_ids
    endpoint_private_access = true
    endpoint_public_access  = length(var.api_cidrs) > 0
    public_access_cidrs     = length(var.api_cidrs) > 0 ? var.api_cidrs : null
  }
  encryption_config {
    resources = ["secrets"]
    provider {
      key_arn = aws_kms_key.this.arn
    }
  }
  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  access_config {
    authentication_mode = "API"
  }
  depends_on = [aws_iam_role_policy_attachment.cluster]
}

# Service accounts take on IAM roles by tokens of this issuer.
resource "aws_iam_openid_connect_provider" "this" {
  url            = aws_eks_cluster.this.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "node" {
  name               = "${var.prefix}-node"
  description        = "Machines of the cluster; what a worker may do is in its service account's role"
  assume_role_policy = local.trust.ec2
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each   = toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"])
  role       = aws_iam_role.node.name
  policy_arn = "${local.managed}/${each.key}"
}

resource "aws_launch_template" "node" {
  for_each = local.groups
  name     = "${var.prefix}-${each.key}"
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1 # pods do not reach the machine's own role
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_type           = "gp3"
      volume_size           = each.value.disk_gb
      encrypted             = true
      delete_on_termination = true
    }
  }
  monitoring {
    enabled = true
  }
}

resource "aws_eks_node_group" "this" {
  for_each        = local.groups
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = each.key
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = var.subnet_ids
  instance_types  = each.value.instance_types
  capacity_type   = each.value.capacity
  ami_type        = each.value.accelerator == null ? "AL2023_x86_64_STANDARD" : "AL2023_x86_64_NVIDIA"
  labels = merge(
    { "spotmill/group" = each.key, "spotmill/market" = each.value.capacity == "SPOT" ? "spot" : "on-demand" },
    each.value.accelerator == null ? {} : { "spotmill/accelerator" = each.value.accelerator },
  )
  launch_template {
    id      = aws_launch_template.node[each.key].id
    version = aws_launch_template.node[each.key].latest_version
  }
  scaling_config {
    min_size     = each.value.least
    max_size     = each.value.most
    desired_size = each.value.least
  }
  dynamic "taint" {
    for_each = each.value.accelerator == null ? [] : ["gpu"]
    content {
      key    = "nvidia.com/gpu"
      value  = "true"
      effect = "NO_SCHEDULE"
    }
  }
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size] # the autoscaler's
  }
  depends_on = [aws_iam_role_policy_attachment.node]
}
