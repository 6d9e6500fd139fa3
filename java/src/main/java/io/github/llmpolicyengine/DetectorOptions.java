package io.github.llmpolicyengine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a {@link Detector} looks for. What is not set is as in the profile {@code chat}. */
public final class DetectorOptions {
    private final Map<String, Object> fields = new LinkedHashMap<>();

    /** Options with nothing set. */
    public DetectorOptions() {}

    private DetectorOptions set(String name, Object value) {
        fields.put(name, value);
        return this;
    }

    /** {@code chat}, {@code code}, {@code argument} or {@code sql}. */
    public DetectorOptions profile(String profile) {
        return set("profile", profile);
    }

    /** All kinds of these families: {@code pii}, {@code secret}. */
    public DetectorOptions families(String... families) {
        return set("families", List.of(families));
    }

    /** Kinds beside the families: {@code email}. With kinds and no families, there are only these. */
    public DetectorOptions kinds(String... kinds) {
        return set("kinds", List.of(kinds));
    }

    /** The regions whose national formats count, as ISO 3166 writes them: {@code DE}. */
    public DetectorOptions regions(String... regions) {
        return set("regions", List.of(regions));
    }

    /** Texts that are no findings. */
    public DetectorOptions allow(String... texts) {
        return set("allow", List.of(texts));
    }

    /** The least scores, from 0 to 1, by family or kind. */
    public DetectorOptions thresholds(Map<String, Double> thresholds) {
        return set("thresholds", Map.copyOf(thresholds));
    }

    /** Regular expressions of your own, by name. */
    public DetectorOptions patterns(Map<String, String> patterns) {
        return set("patterns", Map.copyOf(patterns));
    }

    /** How much of a text is read, in bytes of UTF-8. */
    public DetectorOptions maxBytes(long bytes) {
        return set("max_bytes", bytes);
    }

    /** The secret that hashes are keyed with; without, it is random. */
    public DetectorOptions key(String key) {
        return set("key", key);
    }

    Input input() {
        return Input.of(Map.copyOf(fields));
    }
}
