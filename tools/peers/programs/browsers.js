// Which browsers show which image formats, and how many people use them: what caniuse.com says, from its npm package.
// Answers {"features": [names as caniuse calls them]} with {"browsers": [{name, version, share, shows}]}; share is the
// percentage of all page views in the world (StatCounter's), as far as caniuse knows the version.
"use strict";
const readline = require("node:readline");
const lite = require("caniuse-lite");
const { version } = require("caniuse-lite/package.json");

function browsersOf(features) {
  const stats = features.map((name) => [name, lite.feature(require(`caniuse-lite/data/features/${name}.js`)).stats]);
  return Object.entries(lite.agents).flatMap(([name, agent]) =>
    Object.entries(agent.usage_global)
      .filter(([, share]) => share > 0)
      .map(([version, share]) => ({
        name,
        version,
        share,
        // "y" for yes; "a" for partly, which counts as no: some pictures would not be shown
        shows: stats.filter(([, of]) => of[name]?.[version]?.startsWith("y")).map(([feature]) => feature),
      }))
  );
}

(async () => {
  console.log(JSON.stringify({ versions: `caniuse-lite ${version}` }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = { browsers: browsersOf(JSON.parse(line).features) };
    } catch (error) {
      answer = { error: String(error) };
    }
    console.log(JSON.stringify(answer));
  }
})();
