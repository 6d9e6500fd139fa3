package io.github.llmpolicyengine;

import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How an engine is made.
 *
 * @param handles what the host carries out: a mandatory action of a policy that is not among these is a deny
 * @param allowWithoutPolicy whether what no policy decides about is allowed
 * @param store where limits are kept, as a URL: {@code sqlite:} and the path of a file, which the processes of a machine share,
 *     or {@code redis://} and a server, which machines share; empty, or {@code memory:}, is in this process
 */
public record Options(Set<Action> handles, boolean allowWithoutPolicy, String store) {
    /** The host carries out nothing, and what no policy decides about is denied. */
    public static final Options DEFAULT = new Options(Set.of(), false);

    /** Options of these values. */
    public Options {
        handles = Set.copyOf(handles);
        Objects.requireNonNull(store, "store");
    }

    /** Limits are kept in this process. */
    public Options(Set<Action> handles, boolean allowWithoutPolicy) {
        this(handles, allowWithoutPolicy, "");
    }

    /** These options for a host that carries out these actions. */
    public Options handles(Action... actions) {
        Set<Action> all = EnumSet.noneOf(Action.class);
        all.addAll(Set.of(actions));
        return new Options(all, allowWithoutPolicy, store);
    }

    /** These options with limits kept in the store of this URL. */
    public Options store(String url) {
        return new Options(handles, allowWithoutPolicy, url);
    }

    byte[] pack() throws PolicyException {
        String names = handles.stream().map(Action::wireName).sorted().collect(Collectors.joining(","));
        return Packer.pack(Map.of("handles", names, "allow_without_policy", allowWithoutPolicy,
                "store", store));
    }
}
