// Writes the test data of @bufbuild/cel-spec as JSON into the current directory.
import { writeFileSync } from "node:fs";

for (const name of ["conformance", "parsing", "comprehension", "checking"]) {
  const module = await import(`@bufbuild/cel-spec/testdata/${name}.js`);
  writeFileSync(`${name}.json`, JSON.stringify(module.tests));
}
