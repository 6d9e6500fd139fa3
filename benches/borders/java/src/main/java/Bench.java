import dev.cel.bundle.Cel;
import dev.cel.bundle.CelFactory;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.runtime.CelRuntime;
import io.github.llmpolicyengine.Context;
import io.github.llmpolicyengine.Decision;
import io.github.llmpolicyengine.Document;
import io.github.llmpolicyengine.Engine;
import io.github.llmpolicyengine.Input;
import io.github.llmpolicyengine.Prepared;
import io.github.llmpolicyengine.Question;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * What one decision costs in Java: the engine with 100 rules in each form that a context may have, and cel-java with the same 100
 * conditions as programs, one after the other. One rule matches. Prints the least of many batches, in nanoseconds.
 *
 * <pre>PROFILE=release java/tests/run.sh && mvn -q -f benches/borders/java compile exec:java</pre>
 */
public class Bench {
    private static final int RULES = 100;

    private static final String TEXT = """
            {"user": {"id": "u-1729", "tier": "premium", "team": "search", "roles": ["developer", "role-52"]},
             "request": {"operation": "chat", "provider": "openai", "model": "gpt-4o", "region": "eu-central-1", "environment": "production",
              "max_tokens": 800, "messages": [{"role": "system", "text": "You review code."}, {"role": "user", "text": "Why does this loop never end?"}]}}""";

    /** One of the kinds that a platform team writes. */
    private static String condition(int n) {
        return switch (n % 5) {
            case 0 -> "request.model == 'model-%d' && user.tier == 'free'".formatted(n);
            case 1 -> "user.team == 'team-%d' && request.max_tokens > %d".formatted(n, 1000 + n);
            case 2 -> "'role-%d' in user.roles && request.environment == 'production'".formatted(n);
            case 3 -> "request.model.startsWith('family-%d-') || user.id == 'u-%d'".formatted(n, n);
            default -> "request.region in ['r-%d', 'r-%d'] && user.tier != 'gold'".formatted(n, n + 1);
        };
    }

    private static Map<String, Object> host() {
        return Map.of(
                "user", Map.of("id", "u-1729", "tier", "premium", "team", "search", "roles",
                        List.of("developer", "role-52")),
                "request", Map.of("operation", "chat", "provider", "openai", "model", "gpt-4o", "region",
                        "eu-central-1", "environment", "production", "max_tokens", 800, "messages",
                        List.of(Map.of("role", "system", "text", "You review code."),
                                Map.of("role", "user", "text", "Why does this loop never end?"))));
    }

    public static void main(String[] arguments) throws Exception {
        ours(host());
        celJava(host());
    }

    private static void ours(Map<String, Object> host) throws Exception {
        StringBuilder document =
                new StringBuilder("version: '1.0'\nmetadata: {name: bench}\nconfig: {default_action: allow}\nrules:\n");
        for (int n = 0; n < RULES; n++) {
            document.append("  - {id: r%d, when: \"%s\", actions: [{type: deny}]}\n".formatted(n, condition(n)));
        }
        byte[] json = TEXT.getBytes(StandardCharsets.UTF_8);
        ByteBuffer direct = ByteBuffer.allocateDirect(json.length).put(json).flip();
        try (Engine engine = Engine.load(Document.of("bench.yaml", document.toString()));
                Prepared prepared = engine.prepare(Input.of(host))) {
            Context context = new Context();
            List<Input> batch = Collections.nCopies(100, Input.json(json));
            measure("prepared, yes or no", () -> refused(engine.allows(prepared, Question.DEFAULT)));
            measure("prepared", () -> denied(engine.evaluate(prepared)));
            measure("JSON, yes or no", () -> refused(engine.allows(Input.json(json))));
            measure("JSON", () -> denied(engine.evaluate(json)));
            measure("JSON, direct buffer", () -> denied(engine.evaluate(direct)));
            measure("JSON, text", () -> denied(engine.evaluate(TEXT)));
            measure("map", () -> denied(engine.evaluate(host)));
            measure("context", () -> denied(engine.evaluate(context.clear()
                    .object("user").string("id", "u-1729").string("tier", "premium").string("team", "search")
                    .strings("roles", "developer", "role-52").end()
                    .object("request").string("operation", "chat").string("provider", "openai")
                    .string("model", "gpt-4o").string("region", "eu-central-1").string("environment", "production")
                    .integer("max_tokens", 800).end())));
            measure("JSON, 100 in a batch", () -> denied(engine.evaluateBatch(batch, Question.DEFAULT).get(99)));
        }
    }

    private static void denied(Decision decision) {
        if (decision.allowed() || !"r52".equals(decision.rule())) {
            throw new IllegalStateException(decision.canonicalJson());
        }
    }

    private static void refused(boolean allowed) {
        if (allowed) {
            throw new IllegalStateException("allowed");
        }
    }

    private static void celJava(Map<String, Object> host) throws Exception {
        Cel cel = CelFactory.standardCelBuilder()
                .addVar("user", MapType.create(SimpleType.STRING, SimpleType.DYN))
                .addVar("request", MapType.create(SimpleType.STRING, SimpleType.DYN))
                .build();
        List<CelRuntime.Program> programs = new ArrayList<>();
        for (int n = 0; n < RULES; n++) {
            programs.add(cel.createProgram(cel.compile(condition(n)).getAst()));
        }
        measure("cel-java, map, 100 programs", () -> {
            int matched = 0;
            for (CelRuntime.Program program : programs) {
                if (Boolean.TRUE.equals(program.eval(host))) {
                    matched++;
                }
            }
            if (matched != 1) {
                throw new IllegalStateException("cel-java matches " + matched);
            }
        });
    }

    private interface Call {
        void run() throws Exception;
    }

    /** The least time of a call, of many batches of about a millisecond, after two seconds in which the JVM compiles. */
    private static void measure(String name, Call call) throws Exception {
        long count = 0;
        for (long end = System.nanoTime() + 2_000_000_000L; System.nanoTime() < end; count++) {
            call.run();
        }
        long batch = Math.max(1, count / 2_000);
        long least = Long.MAX_VALUE;
        for (long end = System.nanoTime() + 1_000_000_000L; System.nanoTime() < end; ) {
            long begun = System.nanoTime();
            for (long n = 0; n < batch; n++) {
                call.run();
            }
            least = Math.min(least, (System.nanoTime() - begun) / batch);
        }
        System.out.printf("%-32s %8d ns%n", name, least);
    }
}
