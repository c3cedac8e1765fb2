// The route table: the one list of what the service answers, from which dispatching and the OpenAPI
// document both come.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "service/http_message.h"

namespace penstock {

struct ServiceContext;

// Runs on the connection's strand and must not block: what does goes through the context's pools.
// Throws Error.
using Handler = std::function<boost::asio::awaitable<Reply>(ServiceContext&, Request)>;

struct RouteParameter {
  std::string name, in, description;  // in: path, query or header
  json::object schema;
};

struct RouteResponse {
  int status = 200;
  std::string description;
  std::string schema;  // name of a component; empty: no body
};

struct Route {
  std::string method;     // GET or POST
  std::string pattern;    // "/jobs/{id}/cancel"; {id} matches one path segment
  std::string operation;  // operationId
  std::string summary;
  std::string body;  // component of the request's body; empty: it takes none
  std::vector<RouteParameter> parameters;
  std::vector<RouteResponse> responses;
  Handler handler;
};

class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {}

  const std::vector<Route>& routes() const { return routes_; }

  struct Match {
    const Route* route = nullptr;
    std::string parameter;
  };
  // HEAD matches GET. Throws config_error "config.http.path" naming the nearest path, or
  // "config.http.method"; allowed_methods() then fills the Allow header.
  Match find(std::string_view method, std::string_view path) const;
  std::string allowed_methods(std::string_view path) const;  // "GET, HEAD"; empty: no such path

 private:
  std::vector<Route> routes_;
};

// All routes of the service.
std::vector<Route> service_routes();
// Their parts, by noun.
std::vector<Route> job_routes();
std::vector<Route> meta_routes();

}  // namespace penstock
