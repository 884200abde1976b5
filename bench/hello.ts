// The least that an executable can do, compiled by `deno task bench` to compare start-up times with.
console.log("hello");
