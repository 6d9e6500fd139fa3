package main

import (
	"encoding/json"
	"net/http"
	"strings"
)

// fakeModel stands for a provider: it answers in the form of OpenAI's chat completions, with what it was told last.
func fakeModel(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Model    string `json:"model"`
		Messages []struct {
			Content string `json:"content"`
		} `json:"messages"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || len(request.Messages) == 0 {
		http.Error(w, "a chat needs messages", http.StatusBadRequest)
		return
	}
	text := "You said: " + request.Messages[len(request.Messages)-1].Content
	if strings.Contains(text, "card") {
		text = "It is 4111 1111 1111 1111."
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id":    "chat-1",
		"model": request.Model,
		"choices": []any{map[string]any{
			"index":         0,
			"message":       map[string]any{"role": "assistant", "content": text},
			"finish_reason": "stop",
		}},
	})
}
