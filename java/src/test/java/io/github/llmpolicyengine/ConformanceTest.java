package io.github.llmpolicyengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The cases that every language runs: {@code conformance/README.md} says what they are. */
class ConformanceTest {
    private static final Path CASES = Policies.ROOT.resolve("conformance/cases");
    private static final Map<String, List<String>> RESULTS = new TreeMap<>();

    @TempDir
    Path folder;

    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        List<Path> files;
        try (var found = Files.walk(CASES)) {
            files = found.filter(file -> file.toString().endsWith(".json")).sorted().toList();
        }
        assertTrue(files.size() > 10, "there are cases");
        return files.stream().map(file -> {
            String name = CASES.relativize(file).toString().replace(".json", "").replace('\\', '/');
            return DynamicTest.dynamicTest(name, () -> {
                Tree test = Reply.parse(Files.readString(file));
                List<String> results = new Case(test, Files.createTempDirectory(folder, "case")).run();
                RESULTS.put(name, results);
                assertEquals(test.texts("expect"), results);
            });
        });
    }

    @AfterAll
    static void write() throws Exception {
        Path results = Files.createDirectories(Policies.ROOT.resolve("conformance/results"));
        byte[] json = Reply.of(Native.unpack(Packer.pack(RESULTS))).rest();
        Files.write(results.resolve("java.json"), json);
    }

    private interface Ask {
        Decision run() throws PolicyException;
    }

    private interface Do {
        void run() throws PolicyException;
    }

    /** One case, and what a host holds in its course. */
    private static final class Case {
        private final Tree test;
        private final Path directory;
        private Engine engine;
        private Prepared prepared;
        private Exchange exchange;
        /** What was taken last. */
        private String hold = "";
        private String limits = "[]";
        /** What came out of the last {@code redact_body}. */
        private String redacted = "";

        Case(Tree test, Path directory) {
            this.test = test;
            this.directory = directory;
        }

        List<String> run() throws IOException {
            String opened = outcome(this::open);
            if (!opened.equals("ok")) {
                return List.of(opened);
            }
            return test.list("steps", step -> {
                try {
                    return step(step);
                } catch (PolicyException error) {
                    return error.code().wireName();
                }
            });
        }

        private void open() throws PolicyException {
            List<Action> handles = new ArrayList<>();
            for (String name : test.texts("handles")) {
                handles.add(Action.of(name));
            }
            Options options =
                    new Options(java.util.Set.copyOf(handles), test.bool("allow_without_policy"));
            if (!test.has("files")) {
                engine = Engine.load(documents(test.tree("policies")), options);
                return;
            }
            Map<String, Object> files = new LinkedHashMap<>(test.tree("policies").fields());
            files.putAll(test.tree("files").fields());
            Tree texts = new Tree(files);
            for (String name : files.keySet()) {
                try {
                    Path file = directory.resolve(name);
                    Files.createDirectories(file.getParent());
                    Files.writeString(file, String.join("\n", texts.texts(name)));
                } catch (IOException error) {
                    throw new UncheckedIOException(error);
                }
            }
            String path = test.text("path");
            engine = Engine.open(path == null ? directory : directory.resolve(path), options);
        }

        private static List<Document> documents(Tree policies) {
            return policies.fields().keySet().stream().sorted()
                    .map(name -> Document.of(name, String.join("\n", policies.texts(name)))).toList();
        }

        private String step(Tree step) throws PolicyException {
            switch (step.text("do")) {
                case "evaluate":
                    return evaluate(data(step.tree("context")), question(step));
                case "body": {
                    Question question = question(step);
                    Format format = new Format(step.text("format"));
                    byte[] body = data(step.tree("body")).json();
                    Data host = data(step.tree("host"));
                    return one(host.ways().stream()
                            .map(way -> decision(() -> engine.evaluateBody(format, body, way, question))).toList());
                }
                case "prepare": {
                    Data context = data(step.tree("context"));
                    return outcome(() -> prepared = engine.prepare(context.ways().get(0)));
                }
                case "prepared": {
                    Question question = question(step);
                    return decision(() -> engine.evaluate(prepared, question));
                }
                case "begin": {
                    Data host = data(step.tree("host"));
                    return outcome(() -> exchange = engine.exchange(host.ways().get(0)));
                }
                case "next": {
                    Question question = question(step);
                    Data body = data(step.tree("body"));
                    if (step.has("format")) {
                        Format format = new Format(step.text("format"));
                        return decision(() -> exchange.evaluateBody(format, body.json(), question));
                    }
                    return decision(() -> exchange.evaluate(body.ways().get(0), question));
                }
                case "resume":
                    return outcome(() -> exchange = engine.resume(exchange.toJson()));
                case "take":
                    return take(step);
                case "dry_run": {
                    Question question = question(step);
                    return one(data(step.tree("context")).ways().stream()
                            .map(way -> decision(() -> engine.dryRun(way, question))).toList());
                }
                case "limits":
                    return limits;
                case "settle": {
                    Input used = step.has("used") ? data(step.tree("used")).ways().get(0) : null;
                    if (!step.bool("exchange")) {
                        return engine.settle(hold, used).wireName();
                    }
                    return (used == null ? exchange.settle() : exchange.settle(used)).wireName();
                }
                case "release":
                    return (step.bool("exchange") ? exchange.release() : engine.release(hold)).wireName();
                case "extend":
                    return engine.extend(hold).wireName();
                case "observe": {
                    Input outcome = data(step.tree("outcome")).ways().get(0);
                    if (step.bool("exchange")) {
                        return outcome(() -> exchange.observe(outcome));
                    }
                    return outcome(() -> engine.observe(hold, outcome));
                }
                case "switch_off":
                    engine.switchOff(step.text("breaker"), step.texts("key"), step.text("reason"), null);
                    return "ok";
                case "switch_on":
                    engine.switchOn(step.text("breaker"), step.texts("key"));
                    return "ok";
                case "switches":
                    assertEquals(engine.switchesJson().split("\"reason\"").length - 1, engine.switches().size());
                    return engine.switchesJson();
                case "scan":
                    try (Detector detector = Detector.of(data(step.tree("options")).ways().get(0))) {
                        Scan scan = detector.scan(ConformanceTest.text(step.tree("text")));
                        assertEquals(scan.json().split("\"family\"").length - 1, scan.findings().size());
                        return scan.json();
                    }
                case "redact":
                    try (Detector detector = Detector.of(data(step.tree("options")).ways().get(0))) {
                        return detector.redact(
                                step.text("form"), step.text("style"), ConformanceTest.text(step.tree("text")));
                    }
                case "redact_body": {
                    byte[] body = data(step.tree("body")).json();
                    byte[] out = step.has("format")
                            ? exchange.redactBody(new Format(step.text("format")), body)
                            : exchange.redact(body);
                    redacted = new String(out, StandardCharsets.UTF_8);
                    return step.bool("hide") ? "ok" : redacted;
                }
                case "restore":
                    return exchange.restore(step.has("text") ? ConformanceTest.text(step.tree("text")) : redacted);
                case "stream":
                    return stream(step);
                case "reload":
                    return outcome(
                            () -> engine.reload(documents(step.tree("policies")).toArray(Document[]::new)));
                case "close":
                    engine.close();
                    return "ok";
                case "panic":
                    return outcome(Engine::selfTestPanic);
                default:
                    throw new AssertionError("unknown step " + step);
            }
        }

        private String take(Tree step) throws PolicyException {
            Question question = question(step);
            Input context = data(step.tree("context")).ways().get(0);
            hold = "";
            limits = "[]";
            return decision(() -> {
                Decision decision = engine.evaluate(context, question);
                hold = decision.hold() == null ? "" : decision.hold();
                limits = decision.limitsJson();
                assertEquals(limits.split("\"fits\"").length - 1, decision.limits().size());
                return decision;
            });
        }

        private String stream(Tree step) throws PolicyException {
            Format format = step.has("format") ? new Format(step.text("format")) : null;
            ByteArrayOutputStream came = new ByteArrayOutputStream();
            try (AnswerStream stream = exchange.stream(format, Instant.parse(step.text("now")))) {
                byte[] chunks = data(step.tree("chunks")).json();
                int size = (int) step.number("size", 0);
                boolean stopped = false;
                for (int at = 0; at < chunks.length && !stopped; at += size) {
                    try {
                        AnswerStream.Passed passed = stream.push(chunks, at, Math.min(size, chunks.length - at));
                        came.writeBytes(passed.bytes());
                        stopped = passed.stopped();
                    } catch (PolicyException error) {
                        stopped = true;
                    }
                }
                String end = step.bool("abort") ? outcome(stream::abort) : decision(() -> {
                    AnswerStream.Finished finished = stream.finish();
                    came.writeBytes(finished.bytes());
                    return finished.decision();
                });
                return came.toString(StandardCharsets.UTF_8) + "\n" + end;
            }
        }

        /** By all ways that lead to the same. */
        private String evaluate(Data context, Question question) throws PolicyException {
            List<String> results = new ArrayList<>();
            for (Input way : context.ways()) {
                results.add(decision(() -> engine.evaluate(way, question)));
                try {
                    boolean allowed = engine.allows(way, question);
                    assertTrue(!allowed || results.get(0).startsWith("{\"allowed\":true"), "`allows` differs");
                } catch (PolicyException error) {
                    assertTrue(results.get(0).startsWith(error.code().wireName()), "`allows` differs");
                }
                try {
                    results.add(engine.evaluateBatch(List.of(way), question).get(0).canonicalJson());
                    // In a batch an input that is refused is its deny.
                    if (results.get(0).startsWith("invalid_input ")) {
                        results.add("invalid_input " + results.remove(results.size() - 1));
                    }
                } catch (PolicyException error) {
                    results.add(text(error));
                }
                try (Prepared once = engine.prepare(way)) {
                    results.add(decision(() -> engine.evaluate(once, question)));
                } catch (PolicyException error) {
                    assertTrue(results.get(0).startsWith(error.code().wireName()), "`prepare` differs");
                }
            }
            return one(results);
        }

        private static String one(List<String> results) {
            for (String result : results) {
                assertEquals(results.get(0), result, "two ways, two answers");
            }
            return results.get(0);
        }

        private static String decision(Ask ask) {
            try {
                return ask.run().canonicalJson();
            } catch (PolicyException error) {
                return text(error);
            }
        }

        private static String text(PolicyException error) {
            String code = error.code().wireName();
            return error.isDecided() ? code + " " + error.decision().canonicalJson() : code;
        }

        private static String outcome(Do call) {
            try {
                call.run();
                return "ok";
            } catch (PolicyException error) {
                return error.code().wireName();
            }
        }

        private static Question question(Tree step) throws PolicyException {
            return Question.at(Stage.of(step.text("stage")), Instant.parse(step.text("now")));
        }
    }

    /** What is handed in, as bytes, and in all forms that Java has for it. */
    private record Data(byte[] json, List<Input> ways) {}

    private static Data data(Tree data) throws PolicyException {
        Object value = data.fields().get("value");
        if (value instanceof Map || data.fields().containsKey("value")) {
            byte[] json = Reply.of(Native.unpack(Packer.pack(value))).rest();
            List<Input> ways = new ArrayList<>();
            if (value instanceof Map) {
                Map<String, Object> fields = Tree.of(value).fields();
                ways.add(Input.of(fields));
                Context context = new Context();
                fields.forEach(context::value);
                ways.add(context);
            }
            ways.add(Input.json(json));
            return new Data(json, ways);
        }
        byte[] json = data.has("base64")
                ? Base64.getDecoder().decode(data.text("base64"))
                : text(data).getBytes(StandardCharsets.UTF_8);
        List<Input> ways = new ArrayList<>(List.of(Input.json(json),
                Input.json(ByteBuffer.allocateDirect(json.length).put(json).flip())));
        if (!data.has("base64")) {
            ways.add(Input.json(text(data)));
        }
        return new Data(json, ways);
    }

    private static String text(Tree data) {
        if (data.has("text")) {
            return data.text("text");
        }
        StringBuilder text = new StringBuilder();
        for (Object part : (List<?>) data.fields().get("repeat")) {
            List<?> pair = (List<?>) part;
            text.append(((String) pair.get(0)).repeat(((Long) pair.get(1)).intValue()));
        }
        return text.toString();
    }
}
