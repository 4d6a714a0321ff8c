// Comfort only: every page works without this file. Starts the scripts of GOV.UK and MoJ Frontend.
import { initAll as startGovuk } from "./built/govuk-frontend.min.js";
import { initAll as startMoj } from "./built/moj-frontend.min.js";

startGovuk();
startMoj();
