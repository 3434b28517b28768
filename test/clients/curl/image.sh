# The data goes into the JSON by closing and opening the quotes, as Google's page shows it.
image=$(printf '\x89PNG\r\n\x1a\n' | base64)
curl "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $GEMINI_API_KEY" \
  -d '{
    "model": "gemini-2.5-flash",
    "messages": [
      {
        "role": "user",
        "content": [
          {"type": "text", "text": "What is in this image?"},
          {"type": "image_url", "image_url": {"url": "data:image/png;base64,'"$image"'"}}
        ]
      }
    ]
  }'
