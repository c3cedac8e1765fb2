// The judge of the simulator: Zoho's own SDK, unmodified but for the host it calls, reads what the
// simulator holds and prints it as one JSON object.
//   node judge.js SDK_FOLDER SOURCE_JSON WORK_FOLDER DELETED_MODULE
"use strict";
const fs = require("fs");
const path = require("path");

const [sdkFolder, sourceText, workFolder, deletedModule] = process.argv.slice(2);
const sdk = require(sdkFolder);
const source = JSON.parse(sourceText);

function fail(what, response) {
  const object = response && response.getObject();
  const code = object && object.getCode ? object.getCode().getValue() : "";
  throw new Error(`${what}: status ${response && response.getStatusCode()} ${code}`);
}

function expectWrapper(what, response, kind) {
  const object = response && response.getObject();
  if (!(object instanceof kind)) fail(what, response);
  return object;
}

async function initialize() {
  const environment = new sdk.Environment(source.api_domain, `${source.accounts_url}/oauth/v2/token`,
                                          source.api_domain);
  const token = new sdk.OAuthBuilder()
    .clientId(source.client_id).clientSecret(source.client_secret)
    .refreshToken(source.refresh_token).redirectURL("http://127.0.0.1/").build();
  const store = new sdk.FileStore(path.join(workFolder, "tokens.txt"));
  const config = new sdk.SDKConfigBuilder().pickListValidation(false).autoRefreshFields(true).build();
  const logger = new sdk.LogBuilder().level(sdk.Levels.ERROR)
    .filePath(path.join(workFolder, "sdk.log")).build();
  await (await new sdk.InitializeBuilder()).environment(environment).token(token).store(store)
    .SDKConfig(config).resourcePath(workFolder).logger(logger).initialize();
}

async function modules() {
  const response = await new sdk.Modules.ModulesOperations().getModules();
  const wrapper = expectWrapper("modules", response, sdk.Modules.ResponseWrapper);
  return wrapper.getModules().map((module) => ({
    api_name: module.getAPIName(),
    api_supported: module.getAPISupported(),
    generated_type: module.getGeneratedType().getValue(),
    status: module.getStatus(),
  }));
}

async function fields(module) {
  const parameters = new sdk.ParameterMap();
  await parameters.add(sdk.Fields.GetFieldsParam.MODULE, module);
  const response = await new sdk.Fields.FieldsOperations().getFields(parameters);
  const wrapper = expectWrapper("fields of " + module, response, sdk.Fields.ResponseWrapper);
  return wrapper.getFields().map((field) => ({
    api_name: field.getAPIName(),
    data_type: field.getDataType(),
    picklist: (field.getPickListValues() || []).map((value) => value.getDisplayValue()),
  }));
}

// A value as the SDK gives it, in JSON that a test can compare.
function plain(value) {
  if (value === undefined || value === null) return null;
  if (value instanceof sdk.Choice) return value.getValue();
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (value.getId) return plain(value.getId());
  return value;
}

function recordOf(record) {
  const result = {};
  for (const [key, value] of record.getKeyValues()) result[key] = plain(value);
  result.id = plain(record.getId());
  return result;
}

async function records(module, names) {
  const param = sdk.Record.GetRecordsParam;
  const found = [];
  for (let token = null; ; ) {
    const parameters = new sdk.ParameterMap();
    await parameters.add(param.FIELDS, names);
    await parameters.add(param.PER_PAGE, 40);
    if (token !== null) await parameters.add(param.PAGE_TOKEN, token);
    const response = await new sdk.Record.RecordOperations(module).getRecords(parameters);
    const wrapper = expectWrapper("records of " + module, response, sdk.Record.ResponseWrapper);
    found.push(...wrapper.getData().map(recordOf));
    token = wrapper.getInfo().getNextPageToken();
    if (!wrapper.getInfo().getMoreRecords()) return found;
  }
}

async function oneRecord(module, id) {
  const response = await new sdk.Record.RecordOperations(module).getRecord(BigInt(id));
  return recordOf(expectWrapper("one of " + module, response, sdk.Record.ResponseWrapper)
    .getData()[0]);
}

async function coql(query) {
  const body = new sdk.Coql.BodyWrapper();
  body.setSelectQuery(query);
  const response = await new sdk.Coql.CoqlOperations().getRecords(body);
  const wrapper = expectWrapper("COQL", response, sdk.Coql.ResponseWrapper);
  return wrapper.getData().map(recordOf);
}

async function deleted(module) {
  const response = await new sdk.Record.RecordOperations(module).getDeletedRecords();
  const wrapper = expectWrapper("deleted", response, sdk.Record.DeletedRecordsWrapper);
  return wrapper.getData().map((one) => ({
    id: plain(one.getId()), type: one.getType(), time: plain(one.getDeletedTime()),
  }));
}

async function bulk(module) {
  const operations = new sdk.BulkRead.BulkReadOperations();
  const query = new sdk.BulkRead.Query();
  const wanted = new sdk.Modules.MinifiedModule();
  wanted.setAPIName(module);
  query.setModule(wanted);
  query.setPage(1);
  const body = new sdk.BulkRead.BodyWrapper();
  body.setQuery(query);
  const created = await operations.createBulkReadJob(body);
  const action = expectWrapper("bulk", created, sdk.BulkRead.ActionWrapper).getData()[0];
  if (!(action instanceof sdk.BulkRead.SuccessResponse)) throw new Error("bulk: refused");
  const id = BigInt(action.getDetails().get("id"));
  for (let i = 0; i < 200; ++i) {
    const answer = await operations.getBulkReadJobDetails(id);
    const job = expectWrapper("bulk", answer, sdk.BulkRead.ResponseWrapper).getData()[0];
    if (job.getState().getValue() !== "COMPLETED") {
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    const file = await operations.downloadResult(id);
    const stream = expectWrapper("bulk", file, sdk.BulkRead.FileBodyWrapper).getFile();
    fs.writeFileSync(path.join(workFolder, "bulk.zip"), stream.getStream());
    return { count: job.getResult().getCount(), more: job.getResult().getMoreRecords() };
  }
  throw new Error("bulk: the job does not end");
}

async function users() {
  const response = await new sdk.Users.UsersOperations().getUsers();
  return expectWrapper("users", response, sdk.Users.ResponseWrapper).getUsers()
    .map((user) => ({ id: plain(user.getId()), email: user.getEmail() }));
}

async function org() {
  const response = await new sdk.Org.OrgOperations().getOrganization();
  return expectWrapper("org", response, sdk.Org.ResponseWrapper).getOrg()[0].getCompanyName();
}

async function main() {
  await initialize();
  const listed = await modules();
  const result = { modules: listed, fields: {} };
  for (const name of ["Leads", "Deals", "Every_Type", "Quotes"]) result.fields[name] = await fields(name);
  result.leads = await records("Leads", "Last_Name,Annual_Revenue,Created_Time,Email_Opt_Out,Owner");
  result.specimens = await records("Every_Type",
    "Name,Choice,Choices,Whole,Long_Digits,Real,Money,Flag,Day,Instant,Partner,Tag");
  const quotes = await records("Quotes", "Subject");
  result.quote = await oneRecord("Quotes", quotes[0].id);
  result.coql = await coql("select Deal_Name, Amount, Closing_Date from Deals " +
    "where Stage = 'Proposal' order by id asc limit 200");
  result.deleted = await deleted(deletedModule);
  result.bulk = await bulk("Deals");
  result.users = await users();
  result.org = await org();
  process.stdout.write(JSON.stringify(result));
}

main().catch((error) => {
  process.stderr.write(`${error.stack || error}\n${JSON.stringify(error)}\n`);
  process.exit(1);
});
