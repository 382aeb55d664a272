// Formats Lua files in place: node stylua.mjs [--check] FILE…
// With --check it changes nothing, prints the files that it would change, and exits with 1 if there are any.
import fs from "fs";
import path from "path";
import { createRequire } from "module";

const installed = createRequire(path.join(process.env.STYLUA_MODULES, "x"));
const stylua = installed("@johnnymorganz/stylua");

function config() {
  const result = stylua.Config.new();
  result.syntax = stylua.LuaVersion.Lua54;
  result.column_width = 120;
  result.indent_type = stylua.IndentType.Spaces;
  result.indent_width = 2;
  result.quote_style = stylua.QuoteStyle.AutoPreferDouble;
  result.call_parentheses = stylua.CallParenType.Input;
  result.collapse_simple_statement = stylua.CollapseSimpleStatement.Always;
  return result;
}

function once(text) {
  return stylua.formatCode(text, config(), undefined, stylua.OutputVerification.None);
}

// StyLua comes to rest only on its second or third round over a text.
function format(text) {
  const next = once(text);
  return next === text ? text : format(next);
}

const files = process.argv.slice(2).filter((name) => name !== "--check");
const check = files.length < process.argv.length - 2;
let changed = 0;
for (const file of files) {
  const text = fs.readFileSync(file, "utf8");
  const formatted = format(text);
  if (formatted !== text) {
    changed++;
    if (check) console.log(`${file}: not formatted (make format)`);
    else fs.writeFileSync(file, formatted);
  }
}
process.exitCode = check && changed > 0 ? 1 : 0;
