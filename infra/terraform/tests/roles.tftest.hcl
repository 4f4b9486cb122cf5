# Planned, never made: the key that signs refuses to be destroyed at the end of a test.
mock_provider "aws" {
  override_during = plan
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/mocked", key_id = "mocked" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

run "the_signing_key_signs_for_nobody_else" {
  command = plan
  module { source = "./modules/signing" }
  variables {
    prefix            = "acme-spots"
    signer_role_names = ["acme-spots-sign"]
  }
  assert {
    condition     = aws_kms_key.this.customer_master_key_spec == "ECC_NIST_P256" && aws_kms_key.this.key_usage == "SIGN_VERIFY"
    error_message = "C2PA wants ES256: a key over P-256 that signs."
  }
  assert {
    condition = [
      for statement in jsondecode(aws_kms_key.this.policy).Statement :
      statement.Sid if contains(flatten([statement.Action]), "kms:Sign") || contains(flatten([statement.Action]), "kms:*")
    ] == ["SignersSign"]
    error_message = "Only the statement for the signers may allow to sign."
  }
  assert {
    condition = [
      for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Condition if statement.Sid == "SignersSign"
      ][0] == {
      ArnEquals    = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/acme-spots-sign"] }
      StringEquals = { "kms:SigningAlgorithm" = "ECDSA_SHA_256" }
    }
    error_message = "And only to the named role, with the one algorithm."
  }
}

run "workers_that_render_cannot_sign" {
  command = plan
  module { source = "./modules/identity" }
  variables {
    prefix                 = "acme-spots"
    oidc_provider_arn      = "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/1"
    oidc_issuer_url        = "https://oidc.example/id/1"
    namespace              = "spotmill"
    render_service_account = "spotmill-render"
    sign_service_account   = "spotmill-sign"
    bucket_arns            = { for name in ["inputs", "outputs", "media", "scratch"] : name => "arn:aws:s3:::acme-${name}" }
    storage_key_arn        = "arn:aws:kms:eu-central-1:123456789012:key/storage"
    signing_key_arn        = "arn:aws:kms:eu-central-1:123456789012:key/signing"
    object_prefix          = "acme/"
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.this["render"].policy, "kms:Sign") && !strcontains(aws_iam_role_policy.this["render"].policy, "key/signing")
    error_message = "The render role must not know the signing key."
  }
  assert {
    condition = sort(distinct(flatten([
      for statement in jsondecode(aws_iam_role_policy.this["sign"].policy).Statement :
      statement.Action if contains(flatten([statement.Resource]), "arn:aws:kms:eu-central-1:123456789012:key/signing")
    ]))) == tolist(["kms:GetPublicKey", "kms:Sign"])
    error_message = "With its key the sign role may sign and read the public half, no more."
  }
  assert {
    condition = alltrue([
      for role in ["render", "sign"] : alltrue([
        for statement in jsondecode(aws_iam_role_policy.this[role].policy).Statement :
        !contains(flatten([statement.Resource]), "*") && !contains(flatten([statement.Action]), "s3:*")
      ])
    ])
    error_message = "No star where a name will do."
  }
  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.this["render"].policy).Statement : [
        for resource in flatten([statement.Resource]) : endswith(resource, "/acme/*")
      ] if contains(["ReadsObjects", "WritesObjects"], statement.Sid)
    ]))
    error_message = "Objects outside the prefix are out of reach."
  }
  assert {
    condition     = jsondecode(aws_iam_role.this["sign"].assume_role_policy).Statement[0].Condition.StringEquals["oidc.example/id/1:sub"] == "system:serviceaccount:spotmill:spotmill-sign"
    error_message = "Only the service account for signing may take the role on."
  }
}
