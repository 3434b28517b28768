sound=$(printf 'RIFF\x24\x00\x00\x00WAVEfmt ' | base64)
curl "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $GEMINI_API_KEY" \
  -d '{
    "model": "gemini-2.5-flash",
    "messages": [
      {
        "role": "user",
        "content": [
          {"type": "text", "text": "Write down what is said."},
          {"type": "input_audio", "input_audio": {"data": "'"$sound"'", "format": "wav"}}
        ]
      }
    ]
  }'
