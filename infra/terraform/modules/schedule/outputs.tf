output "missed_runs_queue" {
  description = "Where nights that could not be started are kept: watch its length."
  value       = aws_sqs_queue.missed.url
}
