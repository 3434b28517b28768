curl https://generativelanguage.googleapis.com/v1beta/openai/models/gemini-2.5-flash \
  -H "Authorization: Bearer $GEMINI_API_KEY"
