output "base_url" {
  description = "What OpenAI's SDKs call base_url."
  value       = "${google_cloud_run_v2_service.pollux.uri}/v1"
}

output "service_account" {
  description = "Whom Pollux asks Vertex AI as."
  value       = google_service_account.pollux.email
}
