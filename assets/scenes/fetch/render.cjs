// node render.cjs DIR SIDE: every DIR/*.svg without a DIR/*.png gets one, SIDE pixels wide.
const { Resvg } = require("@resvg/resvg-js");
const fs = require("fs");
const path = require("path");

const [dir, side] = process.argv.slice(2);
for (const name of fs.readdirSync(dir).filter((n) => n.endsWith(".svg")).sort()) {
  const to = path.join(dir, name.replace(/svg$/, "png"));
  if (fs.existsSync(to)) continue;
  console.log(name); // the last name before an abort is the drawing that resvg cannot draw
  const svg = fs.readFileSync(path.join(dir, name), "utf8");
  const picture = new Resvg(svg, { fitTo: { mode: "width", value: Number(side) } }).render();
  fs.writeFileSync(to, picture.asPng());
}
