package io.github.llmpolicyengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InputTest {
    private static String json(Object value) throws PolicyException {
        return Reply.of(Native.unpack(Packer.pack(value))).restAsText();
    }

    @Test
    void valuesOfJavaAreValuesOfJson() throws Exception {
        Map<Object, String> values = new LinkedHashMap<>();
        values.put(1, "1");
        values.put(Long.MIN_VALUE, "-9223372036854775808");
        values.put((byte) -1, "-1");
        values.put((short) 7, "7");
        values.put(1.0, "1");
        values.put(-0.0, "0");
        values.put(1.5f, "1.5");
        values.put(9007199254740993L, "9007199254740993");
        values.put(new BigInteger("18446744073709551615"), "18446744073709551615");
        values.put(new BigInteger("18446744073709551616"), "1.8446744073709552e+19");
        values.put(new BigDecimal("9007199254740993"), "9007199254740993");
        values.put(new BigDecimal("1.50"), "1.5");
        values.put(true, "true");
        values.put("é😀\u0000\"", "\"é😀\\u0000\\\"\"");
        values.put(new StringBuilder("text"), "\"text\"");
        values.put(Instant.parse("2026-01-02T03:04:05Z"), "\"2026-01-02T03:04:05Z\"");
        values.put(OffsetDateTime.parse("2026-01-02T03:04:05+01:00"), "\"2026-01-02T03:04:05+01:00\"");
        values.put(Optional.of("x"), "\"x\"");
        values.put(Optional.empty(), "null");
        values.put(List.of(1, List.of()), "[1,[]]");
        values.put(new int[] {1, 2}, "[1,2]");
        values.put(new double[] {0.5}, "[0.5]");
        values.put(new boolean[] {false}, "[false]");
        values.put(new String[] {"a", null}, "[\"a\",null]");
        values.put(Map.of("a", Map.of()), "{\"a\":{}}");
        for (var entry : values.entrySet()) {
            assertEquals(entry.getValue(), json(entry.getKey()));
        }
    }

    @Test
    void whatJsonHasNoFormForIsRefusedByName() {
        Map<Object, String> values = new HashMap<>();
        values.put(new Object(), "a value of java.lang.Object in `field`");
        values.put('c', "a value of java.lang.Character in `field`");
        values.put(new byte[1], "a value of [B in `field`");
        values.put(Double.NaN, "number out of range in `field`");
        values.put(Float.NEGATIVE_INFINITY, "number out of range in `field`");
        values.put(BigInteger.TEN.pow(400), "number out of range in `field`");
        values.put(new BigDecimal("1e400"), "number out of range in `field`");
        values.put("a\ud800", "half of a surrogate pair in `field`");
        values.put("\udc00a", "half of a surrogate pair in `field`");
        values.put("\ud800\ud800", "half of a surrogate pair in `field`");
        values.put(Map.of(1, 2), "a map with keys that are not text in `field`");
        values.put(new java.util.concurrent.atomic.AtomicInteger(), "a value of java.util.concurrent.atomic.AtomicInteger");
        for (var entry : values.entrySet()) {
            var error = assertThrows(PolicyException.InvalidInput.class, () -> json(Map.of("field", entry.getKey())));
            assertTrue(error.getMessage().startsWith(entry.getValue()), error.getMessage());
            assertEquals(Effect.DENY, error.decision().effect());
            assertEquals(ErrorCode.INVALID_INPUT, error.code());
        }
        List<Object> cycle = new ArrayList<>();
        cycle.add(cycle);
        var deep = assertThrows(PolicyException.InvalidInput.class, () -> json(cycle));
        assertEquals("nested deeper than 128 levels", deep.getMessage());
        assertThrows(PolicyException.InvalidInput.class, () -> Policies.models().evaluate("\"\ud800\""));
    }

    @Test
    void utf8IsThatOfJava() throws Exception {
        Random random = new Random(7);
        for (int round = 0; round < 2_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int at = random.nextInt(20); at > 0; at--) {
                int point = random.nextInt(switch (random.nextInt(4)) {
                    case 0 -> 0x80;
                    case 1 -> 0x800;
                    case 2 -> 0x10000;
                    default -> 0x110000;
                });
                text.appendCodePoint(point >= 0xd800 && point < 0xe000 ? 'x' : point);
            }
            byte[] expected = text.toString().getBytes(StandardCharsets.UTF_8);
            Packer packer = new Packer();
            packer.text(text, "");
            assertTrue(Arrays.equals(expected, 0, expected.length, packer.bytes, 5, packer.length));
        }
    }

    @Test
    void aContextIsWhatItsMapWouldBe() throws Exception {
        Context context = new Context()
                .object("user").string("id", "ann").strings("roles", "a", "b").strings("groups", List.of("g")).end()
                .object("request").integer("max_tokens", 500).number("temperature", 0.5).bool("stream", true)
                .list("messages").object().string("role", "user").string("text", "hi").end()
                .object().string("role", "assistant").value("parts", List.of(Map.of("type", "text"))).end().end().end()
                .object("metadata").instant("at", Instant.EPOCH).list("free").add(1).add("x").end().end();
        String expected = "{\"user\":{\"id\":\"ann\",\"roles\":[\"a\",\"b\"],\"groups\":[\"g\"]},\"request\":{\"max_tokens\":500,"
                + "\"temperature\":0.5,\"stream\":true,\"messages\":[{\"role\":\"user\",\"text\":\"hi\"},{\"role\":\"assistant\","
                + "\"parts\":[{\"type\":\"text\"}]}]},\"metadata\":{\"at\":\"1970-01-01T00:00:00Z\",\"free\":[1,\"x\"]}}";
        assertEquals(expected, packed(context));
        assertEquals("{\"a\":1}", packed(context.clear().integer("a", 1)));
        assertEquals("{\"a\":1,\"b\":2}", packed(context.integer("b", 2)), "it can be written on after it was read");
        assertEquals("{}", packed(new Context()));
        Context large = new Context();
        for (int at = 0; at < 1_000; at++) {
            large.string("field" + at, "x".repeat(at));
        }
        assertTrue(packed(large).length() > 500_000);
    }

    private static String packed(Context context) throws PolicyException {
        return context.with((form, bytes, offset, length) ->
                Reply.of(Native.unpack(Arrays.copyOfRange(bytes, offset, offset + length))).restAsText());
    }

    @Test
    void mistakesInAContextAreSaid() throws Exception {
        assertThrows(IllegalStateException.class, () -> new Context().end());
        assertThrows(IllegalStateException.class, () -> new Context().add(1));
        assertThrows(IllegalStateException.class, () -> new Context().list("a").string("b", "c"));
        try (Engine engine = Policies.models()) {
            assertThrows(IllegalStateException.class, () -> engine.evaluate(new Context().object("request")));
            var half = assertThrows(PolicyException.InvalidInput.class,
                    () -> engine.evaluate(new Context().string("a", "\ud800").string("b", "c")));
            assertEquals("half of a surrogate pair in `a`", half.getMessage());
            var twice = assertThrows(PolicyException.InvalidInput.class, () -> engine.evaluate(
                    new Context().object("request").string("model", "a").string("model", "b").end()));
            assertEquals("field `model` is repeated", twice.getMessage());
            var nan = assertThrows(PolicyException.InvalidInput.class,
                    () -> engine.evaluate(new Context().number("a", Double.NaN)));
            assertEquals("number out of range", nan.getMessage());
        }
    }

    /** A map may ask the engine itself while it is read. */
    @Test
    void mapsMayCallBack() throws Exception {
        try (Engine engine = Policies.models()) {
            Map<String, Object> inner = Map.of("request", Map.of("model", "gpt-5"));
            Map<String, Object> nosy = new java.util.AbstractMap<>() {
                @Override
                public java.util.Set<Entry<String, Object>> entrySet() {
                    try {
                        assertTrue(engine.evaluate(inner).allowed());
                    } catch (PolicyException error) {
                        throw new AssertionError(error);
                    }
                    return Map.<String, Object>of("model", "x-preview").entrySet();
                }
            };
            assertEquals("preview", engine.evaluate(Map.of("request", nosy)).code());
            assertTrue(engine.evaluate(inner).allowed());
        }
    }
}
