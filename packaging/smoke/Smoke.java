import io.github.llmpolicyengine.Document;
import io.github.llmpolicyengine.Engine;
import io.github.llmpolicyengine.ErrorCode;
import io.github.llmpolicyengine.PolicyException;
import java.util.Map;

/** Says {@code ALLOW DENY fine} where the jar works. */
public class Smoke {
    public static void main(String[] arguments) throws PolicyException {
        try (Engine engine = Engine.load(Document.of("models.yaml", """
                version: "1.0"
                metadata: {name: models}
                config: {default_action: allow}
                rules:
                  - {id: no-preview, when: request.model.endsWith('-preview'), actions: [deny]}
                """))) {
            for (String model : new String[] {"gpt-5", "gpt-5-preview"}) {
                System.out.print(engine.evaluate(Map.of("request", Map.of("model", model))).effect() + " ");
            }
        }
        try {
            Engine.selfTestPanic();
        } catch (PolicyException error) {
            System.out.println(error.code() == ErrorCode.INTERNAL_ERROR ? "fine" : error);
        }
    }
}
