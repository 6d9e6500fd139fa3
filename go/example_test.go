package policy_test

import (
	"context"
	"fmt"
	"log"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

const previews = `
version: "1.0"
metadata: {name: models}
config: {default_action: allow}
rules:
  - {id: no-previews, when: request.model.endsWith('-preview'), actions: [{deny: {reason: not for production}}]}
`

func Example() {
	engine, err := policy.New(policy.Documents{"models.yaml": previews})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	decision, err := engine.Evaluate(context.Background(), map[string]any{"request": map[string]any{"model": "gpt-5-preview"}})
	if err != nil {
		log.Print(err) // the decision is a deny then
	}
	fmt.Println(decision.Effect, decision.Rule(), decision.Reason())
	// Output: deny no-previews not for production
}

func ExampleBuilder() {
	engine, err := policy.New(policy.Documents{"models.yaml": previews})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	input := policy.NewBuilder().String("user.id", "ann").Strings("user.roles", "admin", "dev").String("request.model", "gpt-5")
	decision, err := engine.Evaluate(context.Background(), input, policy.EffectOnly())
	fmt.Println(decision.Allowed, err)
	// Output: true <nil>
}

func ExampleEngine_Exchange() {
	engine, err := policy.New(policy.Documents{"answers.yaml": `
version: "1.0"
metadata: {name: answers}
config: {default_action: allow, stages: [request, response]}
rules:
  - {id: short, stages: [response], when: "user.tier == 'free' && request.model == 'small' && size(response.text) > 9", actions: [{deny: {reason: too long}}]}
`})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	ctx := context.Background()
	exchange, err := engine.Exchange(ctx, map[string]any{"user": map[string]any{"tier": "free"}})
	if err != nil {
		log.Fatal(err)
	}
	defer exchange.Close()
	request, _ := exchange.Evaluate(ctx, `{"request": {"model": "small"}}`)
	answer, _ := exchange.Evaluate(ctx, `{"response": {"text": "a long answer"}}`, policy.In(policy.StageResponse))
	fmt.Println(request.Effect, answer.Effect, answer.Reason())
	// Output: allow deny too long
}
