package io.github.llmpolicyengine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What several tests use. */
final class Policies {
    /** The root of the project. */
    static final Path ROOT = Path.of(System.getProperty("root", ".."));

    static final String MODELS = """
            version: "1.0"
            metadata: {name: models}
            config: {default_action: allow}
            rules:
              - id: no-preview
                when: request.model.endsWith('-preview')
                actions:
                  - deny: {reason: "{{ request.model }} is a preview", code: preview, public_message: Not for production.}
                  - audit: {severity: high}
              - {id: slow, when: request.model == 'slow', actions: [{throttle: {delay_ms: 1500}}]}
              - {id: careful, when: request.model == 'careful', actions: [{warn: {message: mind the gap}}]}
              - {id: secret, when: request.model == 'secret', actions: [{redact: {fields: [request.prompt], detect: [secret]}}]}
              - {id: answers, stages: [response], when: response.text.contains('!!!'), actions: [{deny: {reason: shouts}}]}
            """;

    private Policies() {}

    static Engine models(Action... handles) throws PolicyException {
        return Engine.load(List.of(Document.of("models.yaml", MODELS)), Options.DEFAULT.handles(handles));
    }

    /** The examples' contexts. */
    static List<Path> contexts() throws Exception {
        try (var files = Files.list(ROOT.resolve("examples/contexts"))) {
            return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
        }
    }

    static Engine examples() throws PolicyException {
        return Engine.open(ROOT.resolve("examples/policies"));
    }
}
