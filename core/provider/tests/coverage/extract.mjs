// Writes leaves.json: for each type in roots.ts its text leaves, each with a body that has a marker at its place.
import { writeFileSync } from "node:fs";
import ts from "typescript";

const program = ts.createProgram(["roots.ts"], {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
  types: ["node"],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
});
const problems = ts.getPreEmitDiagnostics(program);
if (problems.length > 0) {
  console.error(ts.formatDiagnostics(problems, { getCurrentDirectory: () => ".", getCanonicalFileName: (f) => f, getNewLine: () => "\n" }));
  process.exit(1);
}
const checker = program.getTypeChecker();
const F = ts.TypeFlags;
const MARKER = "the marker";
// "the marker", in base64.
const BYTES = "dGhlIG1hcmtlcg==";

let leaves;

function leaf(path, kind, wrap, values) {
  if (leaves.has(path)) {
    const known = leaves.get(path);
    if (values && known.values) known.values = [...new Set([...known.values, ...values])];
    return;
  }
  const sample = wrap(kind === "any" ? { any_field: MARKER } : kind === "bytes" ? BYTES : kind === "name" ? values[0] : MARKER);
  leaves.set(path, { path, kind, values, sample });
}

function isText(type) {
  return type.flags & (F.String | F.TemplateLiteral) || (type.isIntersection() && type.types.some((t) => t.flags & F.String));
}

// What stands in an object of this type beside any of its fields: those that have one value only.
function tags(type, at) {
  const found = {};
  for (const property of checker.getPropertiesOfType(type)) {
    const t = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(property, at));
    if (t.isStringLiteral()) found[property.name] = t.value;
  }
  return found;
}

function walk(type, path, wrap, stack, at) {
  const members = type.isUnion() ? type.types : [type];
  const names = members.filter((t) => t.isStringLiteral()).map((t) => t.value);
  const objects = members.filter((t) => !isText(t) && t.flags & (F.Object | F.Intersection | F.NonPrimitive));
  if (members.some((t) => t.flags & (F.Any | F.Unknown))) return leaf(path, "any", wrap);
  if (members.some(isText)) leaf(path, "text", wrap);
  else if (names.length > 0) leaf(path, "name", wrap, names);
  for (const object of objects) walkObject(object, path, wrap, stack, at, objects.length > 1);
}

function walkObject(type, path, wrap, stack, at, several) {
  const name = type.symbol?.name;
  // Types that hold themselves are gone into once.
  if (stack.includes(type)) return;
  const below = [...stack, type];
  if (checker.isArrayType(type) || checker.isTupleType(type)) {
    for (const item of checker.getTypeArguments(type)) walk(item, `${path}[]`, (v) => wrap([v]), below, at);
    return;
  }
  if (["Uint8Array", "Buffer", "ArrayBuffer", "Blob"].includes(name)) return leaf(path, "bytes", wrap);
  if (name === "Date") return leaf(path, "text", wrap);
  if (type.getCallSignatures().length > 0) return;
  const beside = tags(type, at);
  const here = several && typeof beside.type === "string" ? `${path}<${beside.type}>` : path;
  const dot = here === "" ? "" : `${here}.`;
  for (const property of checker.getPropertiesOfType(type)) {
    const t = checker.getTypeOfSymbolAtLocation(property, at);
    walk(t, `${dot}${property.name}`, (v) => wrap({ ...beside, [property.name]: v }), below, at);
  }
  const index = checker.getIndexTypeOfType(type, ts.IndexKind.String);
  if (index) walk(index, `${dot}*`, (v) => wrap({ ...beside, any_field: v }), below, at);
  else if (checker.getPropertiesOfType(type).length === 0) leaf(path, "any", wrap);
}

const file = program.getSourceFile("roots.ts");
const roots = file.statements.find((s) => ts.isInterfaceDeclaration(s) && s.name.text === "Roots");
const out = {};
for (const member of roots.members) {
  leaves = new Map();
  walk(checker.getTypeAtLocation(member), "", (v) => v, [], member);
  out[member.name.text] = [...leaves.values()];
}
writeFileSync("leaves.json", JSON.stringify(out));
for (const [name, all] of Object.entries(out)) console.log(name, all.length);
