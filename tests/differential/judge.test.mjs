// judge.test.mjs: what judges pages sees what it must, and nothing else.
import assert from 'node:assert/strict';
import test from 'node:test';
import {urlsOf} from '../browser/css.mjs';
import {judge} from '../browser/judge.mjs';
import {readings} from './readings.mjs';

const T = '//t.example/p';
const trackers = {
  listed: url => /^https?:\/\/t\.example\//.test(url) ? {pattern: 't.example'} : null,
  listedHost: () => false,
  loader: text => text.startsWith('load(') ? {vendor: 'v', text} : null,
};
const found = (page, scriptingEnabled = true) => judge(page, 'https://www.example.com/', trackers, {scriptingEnabled}).map(f => `${f.element} ${f.attribute}`);

test('attributes that fetch', () => {
  for (const page of [`<script src=${T}>`, `<image src=${T}>`, `<img srcset='/a, ${T} 2x'>`, `<link rel='x icon' href=${T}>`, `<a ping='/a ${T}'>`,
    `<meta http-equiv=refresh content='0;url=${T}'>`, `<meta http-equiv=Refresh content="1,'${T}'">`, `<base href=${T}>`, `<base href=${T}><base href=/><img src=x>`,
    `<iframe srcdoc="<img src=${T}>">`, `<iframe srcdoc='<iframe srcdoc="<img src=${T}>">'>`, `<template><img src=${T}></template>`,
    `<svg><image xlink:href=${T}>`, `<svg><link rel=preload href=${T}>`, `<svg><animate attributeName=href values='a; ${T}'>`, `<math><mi href=${T}>`, `<p style='b:u\\72l(${T})'>`, `<style>@import '${T}'</style>`,
    `<svg><style>a{b:url(${T})}</style>`, '<script>load()</script>', '<svg><script>load()</script>', '<p onclick="load()">', '<a attributionsrc>',
    `<img data-src=${T}>`, `<input type=IMAGE src=${T}>`, `<tr><table><tr background=${T}>`, `<param name=movie value=${T}>`])
    assert.notEqual(found(page).length, 0, page);
});

test('what fetches nothing', () => {
  for (const page of [`<a href=${T}>`, `<form action=${T}>`, `<link rel=canonical href=${T}>`, `<svg><link href=${T}>`, `<math><link rel=author href=${T}>`, `<script type=text/plain src=${T}></script>`, `<input src=${T}>`,
    `<!-- <img src=${T}> -->`, `<textarea><img src=${T}></textarea>`, `<noscript><img src=${T}></noscript>`, `<style>a{b:"url(${T})"}</style>`,
    `<style>/* url(${T}) */</style>`, `<math><style>a{b:url(${T})}</style>`, `<img src=x><base href=/>`, `<template><base href=${T.slice(0, 0)}/></template>`])
    assert.deepEqual(found(page), [], page);
  assert.deepEqual(found(`<noscript><img src=${T}></noscript>`, false), ['img src']);
});

test('urls of styles', () => {
  assert.deepEqual(urlsOf('a{b:u\\72l( "x" ) url(y\\2f z) image-set("q" 1x, url(r) 2x) "no" url(a b) url("k" "l")} @import "i"; @im\\port url(j) "no" /* url(c) */ src("s") f("no")'),
    ['x', 'y/z', 'q', 'r', 'k', 'i', 'j', 's']);
  assert.deepEqual(urlsOf('@import > "a"; @import/**/"b"'), ['b']);
  assert.deepEqual(urlsOf('@import "a"; b: url(c)', false), ['c']);
});

test('readings part where browsers do', () => {
  const apart = ['<select><xmp><b></xmp>', '<noscript><style></noscript><b></style>', '<select><div><style><b></style>', '<select><title><b></title>'];
  const alike = ['<p>a<b>c', '<select><option>a</select><xmp><b></xmp>', '<noscript><img></noscript><b>', '<svg><style><a></style></svg><style><a></style>',
    '<table><tr><td><select><option>x</table><p>', '<select><textarea><b></textarea>', '<select><select><xmp></xmp>'];
  for (const page of apart) assert.notEqual(readings(page).parted, null, page);
  for (const page of alike) assert.equal(readings(page).parted, null, page);
});
