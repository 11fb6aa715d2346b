#include "config/yaml_documents.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/parser.h>

#include <sstream>

namespace fdbench {
namespace {

/// Notes what each document begins with.
class Documents : public YAML::EventHandler {
 public:
  int count() const { return count_; }
  bool empty() const { return empty_; }
  const YAML::Mark& begin() const { return begin_; }

  void OnDocumentStart(const YAML::Mark&) override {
    ++count_;
    empty_ = true;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { node(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string&) override {
    node(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    node(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    node(mark);
  }
  void OnMapEnd() override {}

 private:
  void node(const YAML::Mark& mark) {
    if (empty_) begin_ = mark;
    empty_ = false;
  }

  int count_ = 0;
  bool empty_ = true;
  YAML::Mark begin_;
};

}  // namespace

std::optional<YAML::Mark> second_yaml_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Documents documents;
  while (parser.HandleNextDocument(documents) && !documents.empty()) {
    if (documents.count() == 2) return documents.begin();
  }
  return std::nullopt;
}

}  // namespace fdbench
