package io.github.llmpolicyengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits, breakers, detectors, streams and audit records: what the conformance cases cannot say. */
class LimitsTest {
    private static final Document POLICY = Document.of("limited.yaml", """
            version: "1.0"
            metadata: {name: limited}
            config: {default_action: allow, stages: [request, response]}
            limits:
              day: {kind: quota, key: user.id, amount: 1000, window: {fixed: 1d}}
            breakers:
              models: {key: request.model, consecutive_failures: 2, open_for: 1h}
            rules:
              - {id: mail, when: "contains_pii(request.text, ['email'])", actions: [{redact: {fields: [request.text], detect: [email], style: reversible}}]}
            """);
    private static final Map<String, Object> ASK =
            Map.of("user", Map.of("id", "ann"), "request", Map.of("model", "m", "estimated_tokens", 300));

    private static Engine engine(Options options) throws PolicyException {
        return Engine.load(List.of(POLICY), options.handles(Action.REDACT));
    }

    @Test
    void whatIsHeldIsClosedOnce() throws PolicyException {
        try (Engine engine = engine(Options.DEFAULT)) {
            Decision decision = engine.evaluate(ASK);
            LimitState state = decision.limits().get(0);
            assertEquals("day", state.limit());
            assertEquals("tokens", state.unit());
            assertEquals(List.of("ann"), state.key());
            assertEquals(300, state.used());
            assertEquals(700, state.remaining());
            assertTrue(state.fits() && state.resetsAt().isAfter(Instant.now()));
            assertEquals(Closed.DONE, engine.extend(decision.hold()));
            Used used = Used.of(new Usage(7, 5)).with(CallOutcome.SUCCESS, Duration.ofMillis(3));
            assertEquals(Closed.DONE, engine.settle(decision.hold(), used));
            assertEquals(Closed.ALREADY_SETTLED, engine.settle(decision.hold(), used));
            assertEquals(Closed.ALREADY_SETTLED, engine.release(decision.hold()));
            Decision tried = engine.dryRun(Input.of(ASK), Question.DEFAULT);
            assertNull(tried.hold());
            assertEquals(312, tried.limits().get(0).used());
        }
    }

    @Test
    void garbageIsRefused() throws PolicyException {
        try (Engine engine = engine(Options.DEFAULT); Exchange exchange = engine.exchange(Map.of())) {
            for (String hold : new String[] {null, "", "nonsense", "{}", "\u0000", "x".repeat(100_000)}) {
                assertThrows(PolicyException.InvalidArgument.class, () -> engine.release(hold));
                assertThrows(PolicyException.InvalidArgument.class, () -> engine.settle(hold, Used.ofCost(1)));
                assertThrows(PolicyException.InvalidArgument.class, () -> engine.observe(hold, CallOutcome.SUCCESS, null));
            }
            String hold = engine.evaluate(ASK).hold();
            for (String used : List.of("", "[]", "{", "{\"usage\": 3}", "{\"cost\": \"x\"}")) {
                assertThrows(PolicyException.class, () -> engine.settle(hold, Input.json(used)));
            }
            assertThrows(PolicyException.InvalidArgument.class, () -> engine.settle(hold, Used.ofCost(-1)));
            assertEquals(Closed.DONE, engine.release(hold));
            assertEquals(Closed.NOTHING, exchange.settle());
            assertNull(exchange.hold());
            assertThrows(PolicyException.class, () -> exchange.redact("{}".getBytes(StandardCharsets.UTF_8)));
            assertThrows(PolicyException.InvalidArgument.class,
                    () -> engine.switchOff("models", List.of(), "why", Instant.MAX));
            assertThrows(PolicyException.InvalidArgument.class,
                    () -> Detector.of(new DetectorOptions().profile("shop")));
        }
    }

    /** Java's encoder would write a question mark, which no rule looks for. */
    @Test
    void halvesOfSurrogatePairsAreRefused() throws PolicyException {
        try (Engine engine = engine(Options.DEFAULT); Exchange exchange = engine.exchange(Map.of());
                Detector detector = Detector.of(new DetectorOptions())) {
            for (String half : List.of("\ud83d", "\ude00", "a\ud83d", "\ud83db", "\ude00\ud83d", "\ud83d\ud83d\ude00")) {
                List<org.junit.jupiter.api.function.Executable> calls = List.of(
                        () -> detector.scan(half),
                        () -> detector.redact("text", "label", half),
                        () -> detector.redact(half, "label", "x"),
                        () -> detector.redact("text", half, "x"),
                        () -> exchange.restore(half),
                        () -> exchange.stream(new Format(half), null),
                        () -> engine.resume(half),
                        () -> engine.release(half),
                        () -> engine.switchOff(half, List.of(), "why", null),
                        () -> engine.switchOff("models", List.of(half), "why", null),
                        () -> engine.switchOff("models", List.of(), half, null),
                        () -> engine.switchOn("models", List.of(half)));
                for (var call : calls) {
                    PolicyException error = assertThrows(PolicyException.InvalidArgument.class, call);
                    assertTrue(error.getMessage().startsWith("half of a surrogate pair at index "), error.getMessage());
                    assertFalse(error.decision().allowed());
                }
                for (Document document : List.of(Document.of("a.yaml", "version: '" + half + "'"), Document.of(half, "x"))) {
                    assertThrows(PolicyException.class, () -> Engine.load(document));
                }
                assertThrows(PolicyException.InvalidPolicy.class, () -> Engine.load(Document.of("a.yaml", "# " + half)));
            }
            String whole = "a \ud83d\ude00 b";
            assertTrue(detector.scan(whole).complete());
            assertEquals(whole, exchange.restore(whole));
            engine.switchOff("models", List.of(whole), whole, null);
            assertEquals(List.of(whole), engine.switches().get(0).key());
        }
    }

    @Test
    void whatIsClosedIsClosed() throws PolicyException {
        Engine engine = engine(Options.DEFAULT);
        Exchange exchange = engine.exchange(Map.of());
        AnswerStream stream = exchange.stream(null, null);
        Detector detector = Detector.of(new DetectorOptions());
        exchange.close();
        assertFalse(stream.push("Hello".getBytes(StandardCharsets.UTF_8)).stopped());
        stream.close();
        stream.close();
        detector.close();
        engine.close();
        assertThrows(PolicyException.Closed.class, () -> stream.push(new byte[0]));
        assertThrows(PolicyException.Closed.class, stream::finish);
        assertThrows(PolicyException.Closed.class, stream::abort);
        assertThrows(PolicyException.Closed.class, () -> exchange.stream(null, null));
        assertThrows(PolicyException.Closed.class, exchange::settle);
        assertThrows(PolicyException.Closed.class, () -> exchange.restore("x"));
        assertThrows(PolicyException.Closed.class, () -> detector.scan("x"));
        assertThrows(PolicyException.Closed.class, () -> engine.settle("x", Used.ofCost(1)));
        assertThrows(PolicyException.Closed.class, engine::switches);
        assertThrows(PolicyException.Closed.class, engine::metrics);
        assertThrows(PolicyException.Closed.class, () -> engine.auditDrain(1));
    }

    @Test
    void aStreamEndsOnce() throws PolicyException {
        try (Engine engine = engine(Options.DEFAULT); Exchange exchange = engine.exchange(Map.of("user", Map.of("id", "ann")))) {
            byte[] body = "{\"request\":{\"model\":\"m\",\"max_tokens\":10,\"messages\":[{\"role\":\"user\",\"text\":\"I am ada@example.org\"}]}}"
                    .getBytes(StandardCharsets.UTF_8);
            assertTrue(exchange.evaluate(Stage.REQUEST, body).allowed());
            String sent = new String(exchange.redact(body), StandardCharsets.UTF_8);
            assertFalse(sent.contains("ada@"), sent);
            String name = sent.substring(sent.indexOf("I am ") + 5, sent.lastIndexOf('"'));
            assertEquals("Dear ada@example.org", exchange.restore("Dear " + name));
            try (AnswerStream stream = exchange.stream(null, null)) {
                StringBuilder came = new StringBuilder();
                for (byte b : ("Dear " + name + "!").getBytes(StandardCharsets.UTF_8)) {
                    came.append(new String(stream.push(new byte[] {b}).bytes(), StandardCharsets.UTF_8));
                }
                AnswerStream.Finished finished = stream.finish();
                came.append(new String(finished.bytes(), StandardCharsets.UTF_8));
                assertEquals("Dear ada@example.org!", came.toString());
                assertTrue(finished.decision().allowed());
                assertEquals(0, stream.finish().bytes().length);
                assertThrows(PolicyException.InvalidArgument.class, () -> stream.push(new byte[] {65}));
                assertThrows(PolicyException.class, () -> stream.push(new byte[1], 0, 2));
            }
        }
    }

    @Test
    void threadsNeverPassALimitTogether() throws PolicyException {
        try (Engine engine = engine(Options.DEFAULT)) {
            AtomicInteger allowed = new AtomicInteger();
            Input one = Input.of(Map.of("user", Map.of("id", "bob"), "request", Map.of("model", "m", "estimated_tokens", 7)));
            IntStream.range(0, 400).parallel().forEach(at -> {
                try {
                    if (engine.evaluate(one, Question.DEFAULT).allowed()) {
                        allowed.incrementAndGet();
                    }
                } catch (PolicyException error) {
                    throw new AssertionError(error);
                }
            });
            assertEquals(1000 / 7, allowed.get());
        }
    }

    @Test
    void enginesShareAStore(@TempDir Path folder) throws PolicyException {
        Options options = Options.DEFAULT.store("sqlite:" + folder.resolve("limits.db"));
        try (Engine one = engine(options); Engine other = engine(options)) {
            String hold = one.evaluate(ASK).hold();
            assertEquals(600, other.dryRun(Input.of(ASK), Question.DEFAULT).limits().get(0).used());
            assertEquals(Closed.DONE, other.release(hold));
            assertEquals(Closed.ALREADY_RELEASED, one.release(hold));
        }
        assertThrows(PolicyException.class, () -> engine(Options.DEFAULT.store("nonsense")));
        assertThrows(PolicyException.class, () -> engine(Options.DEFAULT.store("sqlite:" + folder.resolve("no/where/x.db"))));
    }

    @Test
    void switchesAndCounters() throws PolicyException {
        try (Engine engine = engine(Options.DEFAULT)) {
            engine.auditStart(0, "key".getBytes(StandardCharsets.UTF_8));
            Instant until = Instant.parse("2100-01-01T00:00:00Z");
            engine.switchOff("models", List.of("m"), "maintenance", until);
            Switch off = engine.switches().get(0);
            assertEquals(List.of("m"), off.key());
            assertEquals("maintenance", off.reason());
            assertEquals(until, off.until());
            Decision decision = engine.evaluate(ASK);
            assertFalse(decision.allowed());
            assertEquals("models", decision.breaker());
            engine.switchOn("models", List.of("m"));
            assertTrue(engine.switches().isEmpty());
            assertTrue(engine.evaluate(ASK).allowed());
            assertEquals(1, engine.metrics().decisions().get("request").get("allow"));
            assertEquals(2, engine.metrics().auditRecorded());
            AuditRecords drained = engine.auditDrain(1);
            assertEquals(1, drained.waiting());
            assertEquals("request", drained.records().get(0).stage());
            assertTrue(drained.records().get(0).effect() != Effect.ALLOW && drained.records().get(0).sequence() > 0);
            engine.auditStop();
            assertTrue(engine.auditDrain(9).records().isEmpty());
        }
    }

    @Test
    void findingsHavePlaces() throws PolicyException {
        String text = "Grüße 👋 an ada@example.org";
        try (Detector detector = Detector.of(new DetectorOptions().kinds("email").key("k"))) {
            Scan scan = detector.scan(text);
            DetectorFinding found = scan.findings().get(0);
            assertEquals("ada@example.org", text.substring(found.start(), found.end()));
            assertTrue(scan.complete() && found.kind().equals("email") && found.score() > 50);
            assertEquals("Grüße 👋 an [EMAIL]", detector.redact("text", "label", text));
            assertEquals(Set.of("pii"), Set.of(found.family()));
        }
    }
}
