package io.github.llmpolicyengine;

import java.util.List;
import java.util.OptionalLong;

/**
 * What the engine refused or could not do. Each {@link ErrorCode} has a class of its own, so a caller can catch one.
 *
 * <p>A decision that could not be made is a deny: {@link #decision} is it.
 */
public abstract sealed class PolicyException extends Exception {
    private static final long serialVersionUID = 1;

    private final ErrorCode code;
    private final String help;
    private final long offset;
    private final transient List<Finding> findings;
    private final transient Decision decision;

    private PolicyException(ErrorCode code, String message, Tree tree, Decision decision) {
        super(message);
        this.code = code;
        this.help = tree.text("help");
        this.offset = tree.number("offset", -1);
        this.findings = tree.list("findings", Finding::of);
        this.decision = decision;
    }

    /** What kind of failure it is. */
    public ErrorCode code() {
        return code;
    }

    /** What to do about it; null when there is nothing to say. */
    public String help() {
        return help;
    }

    /** The byte offset in the JSON that is refused, where there is one. */
    public OptionalLong offset() {
        return offset < 0 ? OptionalLong.empty() : OptionalLong.of(offset);
    }

    /** What is wrong with the policy documents. */
    public List<Finding> findings() {
        return findings == null ? List.of() : findings;
    }

    /** The deny that stands for the decision that could not be made. */
    public Decision decision() {
        return decision == null ? Decision.refused(null, code.number(), getMessage()) : decision;
    }

    /** Whether the engine itself has made the deny that stands for the decision. */
    boolean isDecided() {
        return decision != null;
    }

    static PolicyException of(ErrorCode code, String message, Tree tree, Decision decision) {
        return switch (code) {
            case INTERNAL_ERROR -> new InternalError(message, tree, decision);
            case INVALID_POLICY -> new InvalidPolicy(message, tree, decision);
            case INVALID_INPUT -> new InvalidInput(message, tree, decision);
            case UNREADABLE_FILE -> new UnreadableFile(message, tree, decision);
            case NO_DOCUMENTS -> new NoDocuments(message, tree, decision);
            case STALE_INPUT -> new StaleInput(message, tree, decision);
            case INVALID_ARGUMENT -> new InvalidArgument(message, tree, decision);
            case INVALID_HANDLE -> new Closed(message, tree, decision);
            case LIMITS_UNAVAILABLE -> new LimitsUnavailable(message, tree, decision);
        };
    }

    static PolicyException invalidInput(String message) {
        return of(ErrorCode.INVALID_INPUT, message, Tree.of(null), null);
    }

    /** A bug of the engine: something inside panicked, and the process goes on. */
    public static final class InternalError extends PolicyException {
        private static final long serialVersionUID = 1;

        private InternalError(String message, Tree tree, Decision decision) {
            super(ErrorCode.INTERNAL_ERROR, message, tree, decision);
        }
    }

    /** Policy documents are refused: {@link #findings} says where and why, and the message shows it. */
    public static final class InvalidPolicy extends PolicyException {
        private static final long serialVersionUID = 1;

        private InvalidPolicy(String message, Tree tree, Decision decision) {
            super(ErrorCode.INVALID_POLICY, message, tree, decision);
        }
    }

    /** An input is refused as a whole. */
    public static final class InvalidInput extends PolicyException {
        private static final long serialVersionUID = 1;

        private InvalidInput(String message, Tree tree, Decision decision) {
            super(ErrorCode.INVALID_INPUT, message, tree, decision);
        }
    }

    /** A file cannot be read. */
    public static final class UnreadableFile extends PolicyException {
        private static final long serialVersionUID = 1;

        private UnreadableFile(String message, Tree tree, Decision decision) {
            super(ErrorCode.UNREADABLE_FILE, message, tree, decision);
        }
    }

    /** There is no document where one was looked for. */
    public static final class NoDocuments extends PolicyException {
        private static final long serialVersionUID = 1;

        private NoDocuments(String message, Tree tree, Decision decision) {
            super(ErrorCode.NO_DOCUMENTS, message, tree, decision);
        }
    }

    /** An input was prepared for policies that have been replaced since: prepare it again. */
    public static final class StaleInput extends PolicyException {
        private static final long serialVersionUID = 1;

        private StaleInput(String message, Tree tree, Decision decision) {
            super(ErrorCode.STALE_INPUT, message, tree, decision);
        }
    }

    /** A call that is wrong whatever the policies are. */
    public static final class InvalidArgument extends PolicyException {
        private static final long serialVersionUID = 1;

        private InvalidArgument(String message, Tree tree, Decision decision) {
            super(ErrorCode.INVALID_ARGUMENT, message, tree, decision);
        }
    }

    /** An engine, an exchange or a prepared input was closed before the call. */
    public static final class Closed extends PolicyException {
        private static final long serialVersionUID = 1;

        private Closed(String message, Tree tree, Decision decision) {
            super(ErrorCode.INVALID_HANDLE, message, tree, decision);
        }
    }

    /** The store of limits cannot be asked. */
    public static final class LimitsUnavailable extends PolicyException {
        private static final long serialVersionUID = 1;

        private LimitsUnavailable(String message, Tree tree, Decision decision) {
            super(ErrorCode.LIMITS_UNAVAILABLE, message, tree, decision);
        }
    }
}
