locals {
  environment = merge(
    {
      GOOGLE_CLOUD_PROJECT  = var.project
      GOOGLE_CLOUD_LOCATION = var.location
      POLLUX_AUTH           = var.auth
      POLLUX_CONFIG         = "/etc/pollux/pollux.yaml"
      POLLUX_BUFFER_LIMIT   = "67108864"
    },
    var.environment,
  )

  secret_environment = {
    for name, secret in {
      GEMINI_API_KEY = var.gemini_api_key_secret
      REDIS_URL      = var.redis_url_secret
    } : name => secret if secret != null
  }

  apis = ["aiplatform.googleapis.com", "run.googleapis.com", "secretmanager.googleapis.com"]
}

resource "google_project_service" "api" {
  for_each = toset(local.apis)

  service            = each.value
  disable_on_destroy = false
}

resource "google_service_account" "pollux" {
  account_id   = var.name
  display_name = "Pollux, a gateway to Gemini"
}

# Its one role in the project: to ask models.
resource "google_project_iam_member" "models" {
  project = var.project
  role    = "roles/aiplatform.user"
  member  = google_service_account.pollux.member
}

resource "google_secret_manager_secret" "config" {
  secret_id = "${var.name}-config"

  replication {
    auto {}
  }

  depends_on = [google_project_service.api]
}

# Terraform's state keeps what is in it: keys belong there as their SHA-256, and ${ENV} stands for what is secret.
resource "google_secret_manager_secret_version" "config" {
  secret      = google_secret_manager_secret.config.id
  secret_data = file(var.config_file)
}

resource "google_secret_manager_secret_iam_member" "config" {
  secret_id = google_secret_manager_secret.config.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.pollux.member
}

resource "google_secret_manager_secret_iam_member" "environment" {
  for_each = local.secret_environment

  secret_id = each.value.secret
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.pollux.member
}

resource "google_cloud_run_v2_service" "pollux" {
  name                = var.name
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = var.deletion_protection

  template {
    service_account                  = google_service_account.pollux.email
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    max_instance_request_concurrency = var.concurrency
    timeout                          = "3600s"

    scaling {
      min_instance_count = var.min_instances
      max_instance_count = var.max_instances
    }

    dynamic "vpc_access" {
      for_each = var.subnetwork == null ? [] : [var.subnetwork]

      content {
        egress = "PRIVATE_RANGES_ONLY"

        network_interfaces {
          subnetwork = vpc_access.value
        }
      }
    }

    containers {
      name  = "pollux"
      image = var.image

      # HTTP/2 without TLS. Over HTTP/1 nobody would tell Pollux that a client has hung up.
      ports {
        name           = "h2c"
        container_port = 8080
      }

      dynamic "env" {
        for_each = local.environment

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = local.secret_environment

        content {
          name = env.key

          value_source {
            secret_key_ref {
              secret  = env.value.secret
              version = env.value.version
            }
          }
        }
      }

      resources {
        startup_cpu_boost = true

        limits = {
          cpu    = var.cpu
          memory = var.memory
        }
      }

      volume_mounts {
        name       = "config"
        mount_path = "/etc/pollux"
      }

      # Ready means: there is a Google token.
      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 30

        http_get {
          path = "/health/ready"
        }
      }

      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 5
        failure_threshold = 3

        http_get {
          path = "/health/live"
        }
      }
    }

    volumes {
      name = "config"

      secret {
        secret = google_secret_manager_secret.config.secret_id

        # A changed file is a new version, and a new version a new revision.
        items {
          version = google_secret_manager_secret_version.config.version
          path    = "pollux.yaml"
          mode    = 292 # 0444: Pollux is not root
        }
      }
    }
  }

  depends_on = [
    google_project_service.api,
    google_project_iam_member.models,
    google_secret_manager_secret_iam_member.config,
    google_secret_manager_secret_iam_member.environment,
  ]
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = toset(var.invokers)

  name     = google_cloud_run_v2_service.pollux.name
  location = google_cloud_run_v2_service.pollux.location
  role     = "roles/run.invoker"
  member   = each.value
}
