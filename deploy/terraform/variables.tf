variable "project" {
  description = "The project that runs Pollux, and whose Vertex AI it asks."
  type        = string
}

variable "region" {
  description = "Where it runs, e.g. europe-west1."
  type        = string
}

variable "image" {
  description = "The image, by its digest or a version's tag, e.g. REGION-docker.pkg.dev/PROJECT_ID/pollux/pollux:0.1.0."
  type        = string

  validation {
    condition     = can(regex("(@sha256:[0-9a-f]{64}|:[^:/]*[0-9][^:/]*)$", var.image))
    error_message = "Give the image's digest or a version's tag, so that every instance runs the same."
  }
}

variable "name" {
  description = "What the service, its account and its secret are called."
  type        = string
  default     = "pollux"
}

variable "config_file" {
  description = "The file for POLLUX_CONFIG, with the clients' keys as their SHA-256."
  type        = string
}

variable "location" {
  description = "GOOGLE_CLOUD_LOCATION: the Vertex AI location that is asked."
  type        = string
  default     = "global"
}

variable "auth" {
  description = "POLLUX_AUTH: keys, or none where invokers are who may ask."
  type        = string
  default     = "keys"

  validation {
    condition     = contains(["keys", "none", "passthrough"], var.auth)
    error_message = "Expected keys, none or passthrough."
  }
}

variable "invokers" {
  description = "Who passes Cloud Run's own door: [\"allUsers\"] where Pollux's keys decide alone, else members such as serviceAccount:me@PROJECT_ID.iam.gserviceaccount.com."
  type        = list(string)
  default     = []
}

variable "gemini_api_key_secret" {
  description = "A secret, and its version, that holds GEMINI_API_KEY, if the Developer API shall be asked too."
  type        = object({ secret = string, version = string })
  default     = null
}

variable "redis_url_secret" {
  description = "A secret, and its version, that holds REDIS_URL, if instances shall share limits and signatures."
  type        = object({ secret = string, version = string })
  default     = null
}

variable "subnetwork" {
  description = "The subnetwork in which Redis is reached, if it is in a VPC."
  type        = string
  default     = null
}

variable "environment" {
  description = "More of Pollux's variables, by their names."
  type        = map(string)
  default     = {}
}

variable "min_instances" {
  description = "How many are always warm."
  type        = number
  default     = 1
}

variable "max_instances" {
  description = "How many there are at the most."
  type        = number
  default     = 10
}

variable "concurrency" {
  description = "How many requests an instance gets at a time; below POLLUX_MAX_CONCURRENT, which is 250."
  type        = number
  default     = 200
}

variable "memory" {
  description = "Memory of an instance."
  type        = string
  default     = "512Mi"
}

variable "cpu" {
  description = "Processors of an instance; Pollux uses one."
  type        = string
  default     = "1"
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the service."
  type        = bool
  default     = true
}
