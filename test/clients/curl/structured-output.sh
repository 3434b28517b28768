curl "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $GEMINI_API_KEY" \
  -d '{
    "model": "gemini-2.5-flash",
    "messages": [{"role": "user", "content": "Anna sails on Friday."}],
    "response_format": {
      "type": "json_schema",
      "json_schema": {
        "name": "trip",
        "schema": {
          "type": "object",
          "properties": {"sailor": {"type": "string"}, "day": {"type": "string"}},
          "required": ["sailor", "day"]
        }
      }
    }
  }'
