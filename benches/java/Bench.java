import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.ToNumberPolicy;
import dev.cel.bundle.Cel;
import dev.cel.bundle.CelBuilder;
import dev.cel.bundle.CelFactory;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelRuntime;
import io.github.llmpolicyengine.Context;
import io.github.llmpolicyengine.Decision;
import io.github.llmpolicyengine.Document;
import io.github.llmpolicyengine.Engine;
import io.github.llmpolicyengine.Input;
import io.github.llmpolicyengine.Prepared;
import io.github.llmpolicyengine.Question;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a decision costs in Java: ours, and cel-java.
 *
 * <pre>Bench FOLDER MILLISECONDS TURNS</pre>
 *
 * FOLDER is a workload that the program {@code borders} wrote. Every contender's answer is checked before the clock starts. The clock is
 * the CPU time of the thread: the collector's threads do not count, which favours whoever leaves more behind.
 */
public final class Bench {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    /** With its version, as the jar's name has it. */
    private static final String CEL_JAVA = Path.of(Cel.class.getProtectionDomain().getCodeSource().getLocation().getPath())
            .getFileName().toString().replaceFirst("^cel-(.*)\\.jar$", "cel-java $1");
    private static final Gson GSON =
            new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();

    private record Workload(String name, boolean denied, List<String> deciding, List<String> cel, List<String> ids) {
        void agree(String contender, boolean denies, List<String> by) {
            if (denies != denied || !by.stream().sorted().toList().equals(deciding)) {
                throw new IllegalStateException(
                        "%s says %s by %s on %s, not %s by %s".formatted(contender, denies, by, name, denied, deciding));
            }
        }
    }

    private interface Call {
        void run() throws Exception;
    }

    /** One way to ask a contender. */
    private record Way(String contender, String call, Call work, List<Double> nanoseconds) {
        Way(String contender, String call, Call work) {
            this(contender, call, work, new ArrayList<>());
        }
    }

    private Bench() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        double length = Double.parseDouble(arguments[1]) * 1e6;
        int turns = Integer.parseInt(arguments[2]);
        Workload workload = GSON.fromJson(Files.readString(folder.resolve("workload.json")), Workload.class);
        byte[] json = Files.readAllBytes(folder.resolve("request.json"));
        @SuppressWarnings("unchecked")
        Map<String, Object> request = GSON.fromJson(new String(json, "UTF-8"), Map.class);
        String document = Files.readString(folder.resolve("policy.yaml"));

        try (Engine engine = Engine.load(Document.of("policy.yaml", document));
                Prepared prepared = engine.prepare(Input.of(request))) {
            List<Way> ways = new ArrayList<>(ours(workload, engine, prepared, json, request));
            ways.addAll(celJava(workload, request));
            long[] counts = new long[ways.size()];
            // The first passes are of code that is not compiled yet.
            for (int pass = 0; pass < 8; pass++) {
                for (int n = 0; n < counts.length; n++) {
                    counts[n] = batch(ways.get(n).work, length * 4) / 4 + 1;
                }
            }
            for (int turn = 0; turn < turns; turn++) {
                for (int n = 0; n < counts.length; n++) {
                    ways.get(n).nanoseconds.add(turn(ways.get(n).work, counts[n]));
                }
            }
            System.out.println(GSON.toJson(Map.of("runtime",
                    "%s %s".formatted(System.getProperty("java.vm.name"), System.getProperty("java.vm.version")))));
            for (Way way : ways) {
                System.out.println(GSON.toJson(
                        Map.of("contender", way.contender, "call", way.call, "nanoseconds", way.nanoseconds)));
            }
        }
    }

    private static List<Way> ours(Workload workload, Engine engine, Prepared prepared, byte[] json, Map<String, Object> request)
            throws Exception {
        Decision decision = engine.evaluate(request);
        workload.agree("ours", !decision.allowed(), decision.matched().stream().map(match -> match.rule()).toList());
        ByteBuffer direct = ByteBuffer.allocateDirect(json.length).put(json).flip();
        Context context = new Context();
        return List.of(
                new Way("ours", "json", () -> denied(engine.evaluate(json))),
                new Way("ours", "json, effect", () -> refused(engine.allows(Input.json(json)))),
                new Way("ours", "direct buffer", () -> denied(engine.evaluate(direct))),
                new Way("ours", "object", () -> denied(engine.evaluate(request))),
                new Way("ours", "builder", () -> denied(engine.evaluate(build(context.clear())))),
                new Way("ours", "prepared", () -> denied(engine.evaluate(prepared))),
                new Way("ours", "prepared, effect", () -> refused(engine.allows(prepared, Question.DEFAULT))));
    }

    /** The fields of request.json. */
    private static Context build(Context context) {
        return context
                .object("user").string("id", "u-10482").string("role", "engineer")
                .strings("roles", "engineer", "ml-platform", "on-call").strings("permissions", "chat.use", "models.read")
                .string("tier", "pro").bool("mfa_verified", true)
                .object("quota").integer("tokens_remaining", 200000).integer("tokens_used", 4096).end()
                .object("budget").number("remaining", 0.62).end()
                .object("limits").number("max_request_cost", 0.75).end()
                .end()
                .object("team").string("id", "team-7").object("budget").number("remaining", 1840.5).end().end()
                .object("app").string("id", "app-7").end()
                .object("request").string("provider", "openai").string("model", "gpt-4o-mini").integer("max_tokens", 1024)
                .string("environment", "production").string("region", "eu-west-1").strings("tags", "batch", "summary")
                .string("prompt", "Summarise the incident review of last Tuesday for the team newsletter. Keep the timeline, name "
                        + "the services that were degraded, say what customers noticed, and close with what we agreed to do.")
                .end()
                .object("metadata").string("ticket", "OPS-4411").end();
    }

    private static void denied(Decision decision) {
        refused(decision.allowed());
    }

    private static void refused(boolean allowed) {
        if (allowed) {
            throw new IllegalStateException("allowed");
        }
    }

    private static List<Way> celJava(Workload workload, Map<String, Object> request) throws Exception {
        CelBuilder builder = CelFactory.standardCelBuilder().setStandardMacros(CelStandardMacro.STANDARD_MACROS);
        for (String name : request.keySet()) {
            builder.addVar(name, MapType.create(SimpleType.STRING, SimpleType.DYN));
        }
        Cel cel = builder.build();
        List<CelRuntime.Program> programs = new ArrayList<>();
        for (String condition : workload.cel) {
            programs.add(cel.createProgram(cel.compile(condition).getAst()));
        }
        List<String> matching = new ArrayList<>();
        Call call = () -> {
            matching.clear();
            for (int n = 0; n < programs.size(); n++) {
                if (Boolean.TRUE.equals(programs.get(n).eval(request))) {
                    matching.add(workload.ids.get(n));
                }
            }
        };
        call.run();
        workload.agree(CEL_JAVA, true, matching);
        return List.of(new Way(CEL_JAVA, "object", call));
    }

    private static double turn(Call call, long count) throws Exception {
        long begun = THREADS.getCurrentThreadCpuTime();
        for (long n = 0; n < count; n++) {
            call.run();
        }
        return (double) (THREADS.getCurrentThreadCpuTime() - begun) / count;
    }

    /** How many calls fill a turn. */
    private static long batch(Call call, double length) throws Exception {
        for (long count = 1; ; count *= 4) {
            double each = turn(call, count);
            if (each * count * 4 >= length) {
                return (long) (length / each) + 1;
            }
        }
    }
}
