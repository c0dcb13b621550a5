// How Chromium is started: nothing of its own goes out, and what is in the background goes on.
import puppeteer from 'puppeteer-core';

const CHROMIUM = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-extensions', '--mute-audio',
  '--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows',
  '--disable-dev-shm-usage', '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter,Translate,' +
    'WebUIOmnibox,WebUIOmniboxPopup,WebUIOmniboxAimPopup'];

// home: a folder that says which authorities count (trust.py); without it any certificate will do.
export const launch = (path, args = [], size = {}, home) => puppeteer.launch({
  browser: 'chrome', executablePath: path, headless: true, protocolTimeout: 180000, timeout: 120000, acceptInsecureCerts: !home,
  args: [...CHROMIUM, ...args], defaultViewport: {width: 1280, height: 1600, ...size}, ...(home && {env: {...process.env, HOME: home}}),
});

// Of the browser's own profile, for in another context (which is as private windows are) Chromium leaves preconnect alone.
export const newWindow = browser => browser.newPage({type: 'window'});
