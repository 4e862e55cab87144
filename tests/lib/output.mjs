// I say whether an answer keeps what its tool's outputSchema promised.
//
//   const promised = await readPromises(stack);
//   promised.keep('get_client', result);
import assert from 'node:assert/strict';
import Ajv2020 from 'ajv/dist/2020.js';

export async function readPromises(stack, options) {
  const { result } = await stack.call(0, 'tools/list', {}, options);
  const ajv = new Ajv2020({ strict: false });
  const tools = new Map(result.tools.map((tool) => [tool.name, tool]));
  const checks = new Map();
  for (const [name, { outputSchema }] of tools) if (outputSchema) checks.set(name, ajv.compile(outputSchema));
  return {
    tools,
    keep(name, answer) {
      const check = checks.get(name);
      if (!check || answer.isError) return answer;
      assert.ok(check(answer.structuredContent), `${name}: ${JSON.stringify(answer)} ${JSON.stringify(check.errors)}`);
      return answer;
    },
  };
}
