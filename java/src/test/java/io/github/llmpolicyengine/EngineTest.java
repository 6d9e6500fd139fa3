package io.github.llmpolicyengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EngineTest {
    private static final Map<String, Object> PREVIEW = Map.of("request", Map.of("model", "gpt-5-preview"));

    @Test
    void aDecisionSaysWhatAndWhy() throws Exception {
        try (Engine engine = Policies.models()) {
            Decision decision = engine.evaluate(PREVIEW);
            assertEquals(Effect.DENY, decision.effect());
            assertFalse(decision.allowed());
            assertEquals("gpt-5-preview is a preview", decision.reason());
            assertEquals("preview", decision.code());
            assertEquals("Not for production.", decision.publicMessage());
            assertEquals("default/models", decision.policy());
            assertEquals("no-preview", decision.rule());
            assertNull(decision.retryAfterMs());
            assertNull(decision.shadowEffect());
            assertEquals(engine.bundle(), decision.bundle());
            assertEquals(List.of(new Decision.Match(
                    "default/models", "no-preview", List.of("deny", "audit"), false, null, null)), decision.matched());
            Decision.Obligation audit = decision.obligations().get(0);
            assertEquals("audit", audit.action());
            assertEquals("high", audit.params().get("severity"));
            assertEquals(decision, engine.evaluate(PREVIEW), "a decision is a value");
            assertTrue(decision.canonicalJson().startsWith("{\"allowed\":false,\"bundle\":\""));
            assertEquals("deny", decision.toMap().get("effect"));

            Decision slow = engine.evaluate("{\"request\": {\"model\": \"slow\"}}");
            assertEquals(Effect.THROTTLE, slow.effect());
            assertEquals(1500L, slow.retryAfterMs());
            Decision careful = engine.evaluate(Map.of("request", Map.of("model", "careful")));
            assertTrue(careful.allowed());
            assertEquals("mind the gap", careful.warnings().get(0).message());
            Decision absent = engine.evaluate(Map.of());
            assertEquals(Effect.DENY, absent.effect(), "a condition that fails makes a rule that denies apply");
            assertEquals("request.model", absent.errors().get(0).path());
        }
    }

    /** Every way in gives the same decision about every example, and it is the one that is written down. */
    @Test
    void everyWayInDecidesAlike() throws Exception {
        Instant now = Instant.parse("2026-11-18T10:00:00Z");
        try (Engine engine = Policies.examples()) {
            int seen = 0;
            for (Path file : Policies.contexts()) {
                byte[] json = Files.readAllBytes(file);
                for (Stage stage : Stage.values()) {
                    Question question = Question.at(stage, now);
                    Decision expected = bare(engine.evaluate(json, question));
                    Map<String, Object> map = Reply.parse(new String(json, StandardCharsets.UTF_8)).fields();
                    assertEquals(expected, bare(engine.evaluate(map, question)), file + " as a map");
                    assertEquals(expected, bare(engine.evaluate(Input.json(json), question)), file + " as input");
                    assertEquals(expected, bare(engine.evaluate(new String(json, StandardCharsets.UTF_8), question)));
                    var direct = java.nio.ByteBuffer.allocateDirect(json.length + 4).position(2);
                    direct.put(json).flip().position(2);
                    assertEquals(expected, bare(engine.evaluate(direct, question)), file + " as a direct buffer");
                    assertEquals(2, direct.position());
                    assertEquals(expected,
                            bare(engine.evaluate(java.nio.ByteBuffer.wrap(json).asReadOnlyBuffer(), question)));
                    var padded = Arrays.copyOf(json, json.length + 3);
                    assertEquals(expected,
                            bare(engine.evaluate(java.nio.ByteBuffer.wrap(padded, 0, json.length).slice(), question)));
                    Context context = new Context();
                    map.forEach(context::value);
                    assertEquals(expected, bare(engine.evaluate(context, question)), file + " as a context");
                    try (Prepared prepared = engine.prepare(Input.of(map))) {
                        assertEquals(expected, bare(engine.evaluate(prepared, question)), file + " prepared");
                        assertEquals(expected.allowed(), engine.allows(prepared, question));
                    }
                    assertEquals(expected.allowed(), engine.allows(Input.json(json), question));
                    assertEquals(expected.toMap(), engine.explain(Input.of(map), question).get("decision"));
                    seen++;
                }
            }
            assertTrue(seen > 100, "there are examples");
        }
    }

    /** A decision without what varies from call to call: how limits stand, and what is held. */
    private static Decision bare(Decision all) {
        return new Decision(all.effect(), all.reason(), all.code(), all.publicMessage(), all.policy(), all.rule(),
                all.retryAfterMs(), all.shadowEffect(), all.canonicalJson(), "[]", null);
    }

    @Test
    void actionsThatNobodyCarriesOutAreADeny() throws Exception {
        Map<String, Object> secret = Map.of("request", Map.of("model", "secret", "prompt", "hello"));
        try (Engine engine = Policies.models(); Engine handling = Policies.models(Action.REDACT)) {
            assertEquals("unhandled_obligation", engine.evaluate(secret).code());
            Decision decision = handling.evaluate(secret);
            assertTrue(decision.allowed());
            assertEquals("redact", decision.redactions().get(0).action());
            assertFalse(handling.allows(Input.of(secret)), "who asks yes or no redacts nothing");
            assertTrue(handling.allows(Input.of(Map.of("request", Map.of("model", "gpt-5")))));
        }
        try (Engine open = Engine.load(List.of(Document.of("m.yaml", Policies.MODELS)), new Options(
                java.util.Set.of(), true))) {
            assertTrue(open.evaluate(Map.of(), Question.at(Stage.TOOL_CALL)).allowed());
        }
    }

    @Test
    void reloadingChangesDecisionsInOneStepOrNothing() throws Exception {
        try (Engine engine = Policies.models()) {
            String before = engine.bundle();
            Prepared prepared = engine.prepare(Input.of(PREVIEW));
            var refused = assertThrows(PolicyException.InvalidPolicy.class,
                    () -> engine.reload(Document.of("broken.yaml", "version: '1.0'\nmetadata: {nmae: x}\nrules: []\n")));
            assertEquals(before, engine.bundle());
            Finding finding = refused.findings().get(0);
            assertEquals("broken.yaml", finding.file());
            assertEquals(2, finding.line());
            assertTrue(finding.isError());
            assertTrue(refused.getMessage().contains("broken.yaml:2"), refused.getMessage());
            engine.reload(Document.of("open.yaml", Map.of("version", "1.0", "metadata", Map.of("name", "open"), "rules",
                    List.of(Map.of("id", "all", "when", "true", "actions", List.of("allow"))))));
            assertNotEquals(before, engine.bundle());
            assertTrue(engine.evaluate(PREVIEW).allowed());
            var stale = assertThrows(PolicyException.StaleInput.class, () -> engine.evaluate(prepared));
            assertEquals(ErrorCode.STALE_INPUT, stale.code());
            assertEquals(Effect.DENY, stale.decision().effect());
            assertThrows(PolicyException.StaleInput.class, () -> engine.allows(prepared, Question.DEFAULT));
            engine.reload(Policies.ROOT.resolve("examples/policies"));
            assertThrows(PolicyException.UnreadableFile.class, () -> engine.reload(Path.of("no/such/place")));
        }
    }

    /** The same decision is the same object, until the policies are replaced. */
    @Test
    void decisionsThatComeAgainAreOneObject() throws Exception {
        Map<String, Object> allowed = Map.of("request", Map.of("model", "gpt-5"));
        try (Engine engine = Policies.models(); Engine other = Policies.models()) {
            Decision first = engine.evaluate(allowed);
            assertSame(first, engine.evaluate("{\"request\": {\"model\": \"gpt-4\"}}"));
            assertNotSame(first, other.evaluate(allowed));
            assertEquals(first, other.evaluate(allowed));
            assertNotEquals(first, engine.evaluate(Map.of("request", Map.of("model", "careful"))));
            Decision preview = engine.evaluate(PREVIEW);
            Decision another = engine.evaluate(Map.of("request", Map.of("model", "b-preview")));
            assertEquals("b-preview is a preview", another.reason(), "what names the input is made for it");
            assertEquals("gpt-5-preview is a preview", preview.reason());
            String lax = Policies.MODELS.replace("warn: {message: mind the gap}", "warn: {message: careful}");
            engine.reload(Document.of("models.yaml", lax));
            Decision later = engine.evaluate(allowed);
            assertNotEquals(first.bundle(), later.bundle());
            assertSame(later, engine.evaluate(allowed));
            engine.reload(Document.of("models.yaml", Policies.MODELS));
            assertEquals(first, engine.evaluate(allowed));
        }
    }

    @Test
    void validatingReports() throws Exception {
        Report good = Engine.validate(Policies.ROOT.resolve("examples/policies"));
        assertTrue(good.valid());
        assertTrue(good.rules() > 10);
        assertEquals(64, good.bundle().length());
        Report bad = Engine.validate(Document.of("a.yaml", Policies.MODELS.replace("request.model.ends", "request.modle.ends")));
        assertFalse(bad.valid());
        assertTrue(bad.findings().stream().anyMatch(finding -> finding.isError() && finding.line() == 6), "" + bad);
        assertNull(bad.bundle());
        assertThrows(PolicyException.NoDocuments.class, () -> Engine.load());
        assertThrows(PolicyException.UnreadableFile.class, () -> Engine.open(Path.of("no/such/place")));
    }

    @Test
    void batchesGoOnAfterARefusedInput() throws Exception {
        try (Engine engine = Policies.models()) {
            List<Input> inputs = List.of(Input.of(PREVIEW), Input.json("nonsense"), Input.of(Map.of("a", new Object())),
                    Input.json("{\"request\": {\"model\": \"gpt-5\"}}"),
                    new Context().object("request").string("model", "slow").end());
            List<Decision> decisions = engine.evaluateBatch(inputs, Question.DEFAULT);
            assertEquals(Arrays.asList("preview", "invalid_input", "invalid_input", "default", null),
                    decisions.stream().map(Decision::code).toList());
            assertEquals(engine.evaluate(PREVIEW), decisions.get(0));
            assertEquals(List.of(), engine.evaluateBatch(List.of(), Question.DEFAULT));
        }
    }

    @Test
    void explainingSaysEachClause() throws Exception {
        try (Engine engine = Policies.models()) {
            Map<String, Object> explained = engine.explain(Input.of(PREVIEW), Question.DEFAULT);
            assertTrue(explained.keySet().containsAll(List.of("decision", "rules")), explained.keySet().toString());
            assertTrue(explained.toString().contains("gpt-5-preview"));
        }
    }

    @Test
    void providersBodiesAreTakenAsTheyAre() throws Exception {
        Path bodies = Policies.ROOT.resolve("examples/bodies");
        try (Engine engine = Policies.examples()) {
            List<String> names = Format.ALL.stream().map(Format::wireName).toList();
            for (Format format : Format.ALL) {
                Path file = bodies.resolve(format.wireName() + ".request.json");
                if (Files.exists(file)) {
                    byte[] body = Files.readAllBytes(file);
                    Input host = Input.of(Map.of("user", Map.of("id", "ann", "role", "dev")));
                    Decision decision = engine.evaluateBody(format, body, host, Question.DEFAULT);
                    assertEquals("request", decision.toMap().get("stage"));
                    assertTrue(engine.explainBody(format, body, host, Question.DEFAULT).containsKey("rules"));
                }
            }
            var mcp = assertThrows(PolicyException.class, () -> engine.evaluateBody(Format.MCP, "{}".getBytes(
                    StandardCharsets.UTF_8), Input.of(Map.of()), Question.DEFAULT));
            assertEquals(Effect.DENY, mcp.decision().effect());
            assertTrue(names.contains("openai-chat"));
        }
        try (Engine engine = Policies.models()) {
            byte[] body = "{\"model\": \"gpt-5-preview\", \"messages\": []}".getBytes(StandardCharsets.UTF_8);
            assertEquals("preview",
                    engine.evaluateBody(Format.OPENAI_CHAT, body, Input.of(Map.of()), Question.DEFAULT).code());
        }
    }

    @Test
    void anExchangeKeepsWhatWasSeen() throws Exception {
        try (Engine engine = Policies.models()) {
            String state;
            try (Exchange exchange = engine.exchange(Map.of("user", Map.of("id", "ann")))) {
                assertTrue(exchange.evaluate(Stage.REQUEST, Map.of("request", Map.of("model", "gpt-5"))).allowed());
                assertThrows(PolicyException.InvalidInput.class,
                        () -> exchange.evaluate(Stage.REQUEST, Map.of("user", Map.of("id", "eve"))));
                assertFalse(exchange.evaluate(Stage.RESPONSE, Map.of("response", Map.of("text", "hi!!!"))).allowed());
                assertEquals("preview", exchange.evaluateBody(Format.OPENAI_CHAT,
                        "{\"model\": \"x-preview\", \"messages\": []}".getBytes(StandardCharsets.UTF_8),
                        Question.DEFAULT).code());
                state = exchange.toJson();
            }
            try (Exchange resumed = engine.resume(state)) {
                assertFalse(resumed.evaluate(Stage.REQUEST, Map.of()).allowed(), "the model is still the preview");
                assertTrue(resumed.evaluate(Stage.RESPONSE, Map.of("response", Map.of("text", "hi"))).allowed());
            }
            assertThrows(PolicyException.class, () -> engine.resume(state.substring(1)));
        }
    }

    @Test
    void aPanicIsAnErrorAndADeny() throws Exception {
        var error = assertThrows(PolicyException.InternalError.class, Engine::selfTestPanic);
        assertEquals(ErrorCode.INTERNAL_ERROR, error.code());
        assertEquals(Effect.DENY, error.decision().effect());
        try (Engine engine = Policies.models()) {
            assertFalse(engine.evaluate(PREVIEW).allowed());
        }
    }
}
