// OpenAI's own library for Go.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

const (
	plain = "gemini-2.5-flash"
	// It refuses a function call that comes back without its signature.
	signing = "gemini-3-flash-preview"
)

var (
	client = openai.NewClient()
	ctx    = context.Background()
)

func main() {
	tell("text", text)
	tell("stream", stream)
	tell("stream helper", streamHelper)
	tell("tools", tools)
	tell("parallel tools", parallelTools)
	tell("structured output", structuredOutput)
	tell("reasoning", reasoning)
	tell("vision", vision)
	tell("audio", audio)
	tell("logprobs", logprobs)
	tell("choices", choices)
	tell("errors", readableErrors)
	tell("retries", retries)
	tell("timeout", timeout)
	tell("cancel", cancel)
}

func tell(ability string, check func() error) {
	told := map[string]any{"ability": ability, "ok": true}
	if err := check(); err != nil {
		told["ok"], told["error"] = false, err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(told)
}

func asking(prompt string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    plain,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(prompt)},
	}
}

func text() error {
	answer, err := client.Chat.Completions.New(ctx, asking("Say ahoy"))
	if err != nil {
		return err
	}
	first := answer.Choices[0]
	used := answer.Usage
	return must(
		first.Message.Content == "ahoy" && first.FinishReason == "stop" &&
			used.TotalTokens == used.PromptTokens+used.CompletionTokens,
		answer.RawJSON(),
	)
}

func stream() error {
	params := asking("Explain the tides of the Baltic Sea")
	params.StreamOptions.IncludeUsage = openai.Bool(true)
	chunks := client.Chat.Completions.NewStreaming(ctx, params)
	said, count, tokens := "", 0, int64(0)
	for chunks.Next() {
		chunk := chunks.Current()
		count++
		tokens = chunk.Usage.CompletionTokens
		if len(chunk.Choices) > 0 {
			said += chunk.Choices[0].Delta.Content
		}
	}
	if err := chunks.Err(); err != nil {
		return err
	}
	whole, err := client.Chat.Completions.New(ctx, asking("Explain the tides of the Baltic Sea"))
	if err != nil {
		return err
	}
	return must(count > 3 && tokens > 0 && said == whole.Choices[0].Message.Content, said)
}

func streamHelper() error {
	params := asking(task)
	params.Model = signing
	params.Tools = functions
	chunks := client.Chat.Completions.NewStreaming(ctx, params)
	whole := openai.ChatCompletionAccumulator{}
	finished := []string{}
	for chunks.Next() {
		if !whole.AddChunk(chunks.Current()) {
			return errors.New("a chunk could not be added")
		}
		if call, ok := whole.JustFinishedToolCall(); ok {
			finished = append(finished, call.Name+call.Arguments)
		}
	}
	if err := chunks.Err(); err != nil {
		return err
	}
	if err := bothTides(whole.Choices[0].Message.ToolCalls); err != nil {
		return err
	}
	return must(len(finished) == 2, fmt.Sprint(finished))
}

const task = "Compare the tide and then the weather in Kiel and Rostock, then book a berth for 3 nights."

var functions = []openai.ChatCompletionToolUnionParam{
	function("get_tide", "Tells the tide of a port.", properties{"port": {"type": "string"}}),
	function("get_weather", "Tells the weather of a port.", properties{"port": {"type": "string"}}),
	function("book_berth", "Books a berth.", properties{
		"port":   {"type": "string", "enum": []string{"Kiel", "Rostock"}},
		"nights": {"type": "integer"},
	}),
}

type properties map[string]map[string]any

func function(name, description string, properties properties) openai.ChatCompletionToolUnionParam {
	required := []string{}
	for property := range properties {
		required = append(required, property)
	}
	return openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
		Name:        name,
		Description: openai.String(description),
		Parameters:  openai.FunctionParameters{"type": "object", "properties": properties, "required": required},
	})
}

func run(name, arguments string) string {
	var given struct {
		Port   string
		Nights int
	}
	if err := json.Unmarshal([]byte(arguments), &given); err != nil {
		return err.Error()
	}
	switch name {
	case "get_tide":
		return map[string]string{"Kiel": "high at 04:10", "Rostock": "high at 05:55"}[given.Port]
	case "get_weather":
		return map[string]string{"Kiel": "fog", "Rostock": "drizzle"}[given.Port]
	default:
		return fmt.Sprintf("%s B7 for %d nights", given.Port, given.Nights)
	}
}

// The usual loop: the message goes back, and the results after it.
func goThrough() (string, [][]openai.ChatCompletionMessageToolCallUnion, error) {
	params := asking(task)
	params.Model = signing
	params.Tools = functions
	steps := [][]openai.ChatCompletionMessageToolCallUnion{}
	for {
		answer, err := client.Chat.Completions.New(ctx, params)
		if err != nil {
			return "", steps, err
		}
		message := answer.Choices[0].Message
		if len(message.ToolCalls) == 0 {
			return message.Content, steps, nil
		}
		steps = append(steps, message.ToolCalls)
		params.Messages = append(params.Messages, message.ToParam())
		for _, call := range message.ToolCalls {
			result := run(call.Function.Name, call.Function.Arguments)
			params.Messages = append(params.Messages, openai.ToolMessage(result, call.ID))
		}
	}
}

func tools() error {
	said, steps, err := goThrough()
	if err != nil {
		return err
	}
	for _, fact := range []string{"04:10", "05:55", "fog", "drizzle", "Kiel B7 for 3 nights"} {
		if !strings.Contains(said, fact) {
			return fmt.Errorf("%s is not in: %s", fact, said)
		}
	}
	return must(len(steps) >= 3, fmt.Sprint(len(steps), " steps"))
}

func parallelTools() error {
	_, steps, err := goThrough()
	if err != nil {
		return err
	}
	return bothTides(steps[0])
}

func bothTides(calls []openai.ChatCompletionMessageToolCallUnion) error {
	return must(
		len(calls) == 2 && calls[0].ID != calls[1].ID &&
			calls[0].Function.Arguments == `{"port":"Kiel"}` &&
			calls[1].Function.Arguments == `{"port":"Rostock"}`,
		fmt.Sprint(calls),
	)
}

func structuredOutput() error {
	params := asking("Plan a voyage of the Seagull from Kiel to Rostock.")
	params.ResponseFormat.OfJSONSchema = &openai.ResponseFormatJSONSchemaParam{
		JSONSchema: openai.ResponseFormatJSONSchemaJSONSchemaParam{
			Name:   "voyage",
			Strict: openai.Bool(true),
			Schema: map[string]any{
				"type":                 "object",
				"properties":           properties{"ship": {"type": "string"}, "to": {"type": "string"}},
				"required":             []string{"ship", "to"},
				"additionalProperties": false,
			},
		},
	}
	answer, err := client.Chat.Completions.New(ctx, params)
	if err != nil {
		return err
	}
	var voyage struct{ Ship, To string }
	content := answer.Choices[0].Message.Content
	if err := json.Unmarshal([]byte(content), &voyage); err != nil {
		return err
	}
	return must(voyage.Ship == "Seagull" && voyage.To != "", content)
}

func reasoning() error {
	params := asking("How many ports has the Baltic Sea?")
	params.SetExtraFields(map[string]any{
		"google": map[string]any{"thinking_config": map[string]any{"include_thoughts": true}},
	})
	answer, err := client.Chat.Completions.New(ctx, params)
	if err != nil {
		return err
	}
	message := answer.Choices[0].Message
	var thoughts string
	err = json.Unmarshal([]byte(message.JSON.ExtraFields["reasoning_content"].Raw()), &thoughts)
	if err != nil {
		return err
	}
	return must(thoughts != "" && !strings.Contains(message.Content, thoughts), message.RawJSON())
}

func vision() error {
	return shown(
		openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{
			URL: "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
		}),
		"I see an image (image/png)",
	)
}

func audio() error {
	return shown(
		openai.InputAudioContentPart(openai.ChatCompletionContentPartInputAudioInputAudioParam{
			Data:   "UklGRiQAAABXQVZF",
			Format: "wav",
		}),
		"I hear a recording (audio/wav)",
	)
}

func shown(part openai.ChatCompletionContentPartUnionParam, reply string) error {
	params := asking("")
	params.Messages = []openai.ChatCompletionMessageParamUnion{openai.UserMessage(
		[]openai.ChatCompletionContentPartUnionParam{part, openai.TextContentPart("What is this?")},
	)}
	answer, err := client.Chat.Completions.New(ctx, params)
	if err != nil {
		return err
	}
	said := answer.Choices[0].Message.Content
	return must(strings.Contains(said, reply), said)
}

func logprobs() error {
	params := asking("Say ahoy")
	// Later models have them on Vertex AI only.
	params.Model = "gemini-2.0-flash"
	params.Logprobs = openai.Bool(true)
	params.TopLogprobs = openai.Int(2)
	answer, err := client.Chat.Completions.New(ctx, params)
	if err != nil {
		return err
	}
	said := ""
	for _, token := range answer.Choices[0].Logprobs.Content {
		said += token.Token
		if token.Logprob > 0 || len(token.TopLogprobs) != 2 {
			return errors.New(token.RawJSON())
		}
	}
	return must(said == "ahoy", said)
}

func choices() error {
	params := asking("Name a port")
	params.N = openai.Int(2)
	answer, err := client.Chat.Completions.New(ctx, params)
	if err != nil {
		return err
	}
	return must(
		len(answer.Choices) == 2 && answer.Choices[1].Index == 1 &&
			answer.Choices[0].Message.Content != "" && answer.Choices[1].Message.Content != "",
		answer.RawJSON(),
	)
}

func readableErrors() error {
	hot := asking("Ahoy")
	hot.Temperature = openai.Float(7)
	unknown := asking("Ahoy")
	unknown.Model = "no-such-model"
	for _, expected := range []struct {
		params openai.ChatCompletionNewParams
		status int
		words  string
	}{
		{hot, 400, "temperature"},
		{unknown, 404, "'no-such-model' does not exist"},
		{asking("Ahoy [[error:429]]"), 429, ""},
		{asking("Ahoy [[error:503]]"), 503, "overloaded"},
	} {
		_, err := client.Chat.Completions.New(ctx, expected.params, option.WithMaxRetries(0))
		var refused *openai.Error
		if !errors.As(err, &refused) || refused.StatusCode != expected.status ||
			!strings.Contains(refused.Message, expected.words) {
			return fmt.Errorf("%d expected, not %w", expected.status, err)
		}
	}
	chunks := client.Chat.Completions.NewStreaming(ctx, asking("Tell a long story [[midstream-error]]"))
	for chunks.Next() {
	}
	err := chunks.Err()
	return must(err != nil && strings.Contains(err.Error(), "overloaded"), fmt.Sprint(err))
}

func retries() error {
	started := time.Now()
	answer, err := client.Chat.Completions.New(
		ctx, asking("Say ahoy [[fault:status=503;retry-info=1;times=2]]"),
	)
	if err != nil {
		return err
	}
	// Its own idea would be half a second, then one.
	took := time.Since(started)
	return must(answer.Choices[0].Message.Content == "ahoy" && took > 2*time.Second, took.String())
}

func timeout() error {
	_, err := client.Chat.Completions.New(
		ctx, asking("Ahoy [[fault:delay=5000]]"),
		option.WithRequestTimeout(500*time.Millisecond), option.WithMaxRetries(0),
	)
	return must(errors.Is(err, context.DeadlineExceeded), fmt.Sprint(err))
}

func cancel() error {
	leaving, leave := context.WithCancel(ctx)
	chunks := client.Chat.Completions.NewStreaming(leaving, asking("Tell a long story of the sea. [[slow:200]]"))
	count := 0
	for chunks.Next() {
		count++
		if count == 2 {
			leave()
		}
	}
	leave()
	return must(count == 2 && errors.Is(chunks.Err(), context.Canceled), fmt.Sprint(count, chunks.Err()))
}

func must(kept bool, seen string) error {
	if kept {
		return nil
	}
	return errors.New("not as expected: " + seen)
}
