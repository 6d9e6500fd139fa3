//! What an attack looks like, in classes of tokens (`lexer.rs` has the letters).
//!
//! A value that breaks out of its place goes on in one of a few ways: a set operation, a condition that is always true, a
//! subquery, a call, another statement, or a comment that cuts off the rest.

use crate::grammar::{Rule, rule};

/// For a value from its first byte on: what stands in front of the attack is part of the value.
pub(in crate::injection) const VALUE: &[Rule] = &[
    // Set operations.
    rule(95, r"u[k(]*e"),
    rule(60, r"^[(]*[nsvx][)nsov]*u[(k]*c?$"),
    rule(60, r"^[nsv][)]*u[(k]*(?:e|k?[ns]c?$|c$)"),
    // A condition after the value: `or 1=1`, `' and 'a' like 'a`.
    rule(75, r"^[(]*[nsv][^;i]{0,8}l[(yo]*[nsvik]+[)koyn]*[=~][=(yok]*[nsviqgfx]"),
    rule(75, r"^[(]*i?l[(yo]*[nsvi][)koyn]*=[=(yok]*[nsviqgfx]"),
    rule(70, r"^[(]*[nsv][^;i]{0,6}l[(yok]*[xf]\("),
    rule(60, r"^[(]*[nsv][)]*l[(yok]*g\(.*[)c]$"),
    rule(65, r"^[nsv][)]*l[(yo]*[nsvi][)o]*[bc;u]"),
    rule(60, r"^[nsv][)]*l[yo(]*[vq][)]*c?$"),
    rule(60, r"^s[)]*l[yo(]*[nv][)]*c?$"),
    rule(60, r"^[nsv][)]*l[y]*[ni][)]*c$"),
    rule(60, r"^[nsv][)]*l[y(o]*[nsvi][)]*l[(yo]*[nsvi]"),
    rule(65, r"^[nsv][)]*[l=][(yo]*[nsvi]?[)]*c$"),
    rule(65, r"^[nsv][)]*o[(yo]*[nsv]?[)]*c$"),
    // A subquery.
    rule(80, r"[l=~o,(y][(]*ek?[nsviqfxgo(]"),
    rule(70, r"^[(]+e[knsvifx(o]"),
    // Another statement, or one that starts in the middle.
    rule(80, r";[(]*(?:e[nsvkfxgo(]|tb|t[kx][ixsgv(]|t[vx]|tik|t[;c]|t$|tx)"),
    rule(70, r"^s[)]*;[(]*(?:e|t)"),
    rule(70, r"^[nsv][)]*(?:tbi|tiki=)"),
    rule(70, r"^s.{0,4}tbi"),
    rule(70, r"^tv.*;"),
    rule(65, r"^e.*,.*b$"),
    // The rest is cut off.
    rule(70, r"^s[)]*[;]?c$"),
    rule(60, r"^[nsv][)]+[;]?c$"),
    rule(60, r"^v[)]*[;]?c$"),
    rule(60, r"^[(][^?]*[)sn]c$"),
    // Calls that only attacks make, and comments that MySQL runs.
    rule(65, r"(?:^|[loe,=;bktv(s])[(yo]*x[(svi]"),
    rule(60, r"^x"),
    rule(65, r"[fg]\((?:f\(.{0,3}[fxe]|x|f\(i[,)])"),
    rule(60, r"^f\([^?]*\)l[(yo]*[fx]\("),
    rule(65, r"m[uelx;fb(]|[nsv)]m"),
    // Clauses after the value.
    rule(60, r"^[nsv][)]*b(?:k|[(])*[nvsixfg(].*c$"),
    rule(60, r"^[nsv][)]*bk?[(]*[xfg(]"),
    rule(60, r"^[nsv][)]*bb[(]?[^)?]"),
    rule(60, r"^[nsv][)]*b[(]*[nsvi][=~][(]*[nsviq]"),
    // A string that is compared or joined.
    rule(55, r"^s[)]*=[(yo]*[nsqvfgx]"),
    rule(55, r"^s[)]*[loy=~]{1,3}q$"),
    rule(60, r"^s[lo=~]+[oy(]*(?:[fgx(]|v)"),
    rule(60, r"^s[lo=~][oy(]*[nvk]+[^i?]*q$"),
];

/// For a window of prose that starts at a quote, a number or a parenthesis, or at the attack itself: surer signs only.
pub(in crate::injection) const PROSE: &[Rule] = &[
    rule(80, r"^[(]*[onsvi]{1,2}[)]*[lo]?[^;]{0,6}u[k(]*e"),
    rule(75, r"u[k(]*e(?:k?[nsv(fx]|i[,.])"),
    rule(70, r"^[nsv][)]*l[(y]*[nsv][)]*=[(]*[nsqv]"),
    rule(70, r"^[nsv][)]*l[(y]*i=[=(]*i[;c)]"),
    rule(70, r"^[nsv][)]*[lo=;][(y]*[o]?[(]*x\("),
    rule(65, r"^[nsv][)]*l[(y]*[fx]\([^?]*\)[)]*=[(]*[nsqvi]"),
    rule(65, r"^[nsv][)]*l[(y]*[nsv][)]*=[(]*[fx]\("),
    rule(70, r"^[nsv][)]*[lo=][(]*f?[(]*e"),
    rule(70, r"^[nsv][)]*l[^;?]{0,3}=[fgk(]*e[kfgxnsv(]"),
    rule(75, r"^s[)]*;(?:e[nsvkfxo(i]|tb|t[kx]|t[vx]|tik|tc)"),
    rule(70, r"^n[)]*;(?:tb|tki|t[vx]).*[c;]"),
    rule(65, r"^s[)]*l[(y]*[ns][)]*=[(]*[nsq]"),
    rule(65, r"^s[)]*l[(y]*i[)]*=[(]*(?:q|sc)"),
];
