// A program in a project of its own that has the module and nothing else.
package main

import (
	"context"
	"fmt"
	"log"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

func main() {
	engine, err := policy.New(policy.Documents{"models.yaml": `
version: "1.0"
metadata: {name: models}
config: {default_action: allow}
rules:
  - {id: no-previews, when: request.model.endsWith('-preview'), actions: [{type: deny, reason: not for production}]}
`})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	for _, model := range []string{"gpt-5", "gpt-5-preview"} {
		decision, err := engine.Evaluate(context.Background(), map[string]any{"request": map[string]any{"model": model}})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(model, decision.Effect, decision.Rule())
	}
}
