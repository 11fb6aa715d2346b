// Hdf5File: attributes.
#include "core/number_text.h"
#include "results/hdf5.h"

namespace fdbench {
namespace {

/// Of an attribute.
constexpr hssize_t kMostTexts = 1'000'000;

Hdf5Handle text_type() {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

/// Number text without trailing zeros.
/// What is handed to the library: a type, a space and the address of the value.
struct Stored {
  Hdf5Handle type, space;
  std::vector<const char*> texts;
  const void* data = nullptr;

  explicit Stored(const Attribute& value) : space(H5Screate(H5S_SCALAR), H5Sclose) {
    std::visit([this](const auto& plain) { set(plain); }, value);
  }

 private:
  void set(const std::string& text) {
    texts = {text.c_str()};
    type = text_type();
    data = texts.data();
  }
  void set(const std::int64_t& number) {
    type = {H5Tcopy(H5T_NATIVE_INT64), H5Tclose};
    data = &number;
  }
  void set(const double& number) {
    type = {H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose};
    data = &number;
  }
  void set(const std::vector<std::string>& list) {
    for (const std::string& text : list) texts.push_back(text.c_str());
    const hsize_t size = list.size();
    space = {H5Screate_simple(1, &size, nullptr), H5Sclose};
    type = text_type();
    data = texts.data();
  }
};

std::string joined(const std::vector<char*>& texts) {
  std::string all;
  for (const char* text : texts) {
    all.append(all.empty() ? "" : ", ").append(text ? text : "");
  }
  return all;
}

}  // namespace

void Hdf5File::set_attribute(const std::string& object, const std::string& name,
                             const Attribute& value) {
  const Stored stored(value);
  const Hdf5Handle attribute(H5Acreate_by_name(file_, object.c_str(), name.c_str(), stored.type,
                                               stored.space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                             H5Aclose);
  if (attribute < 0 || H5Awrite(attribute, stored.type, stored.data) < 0) {
    fail("attribute " + name + " cannot be written");
  }
}

bool Hdf5File::has_attribute(const std::string& object, const std::string& name) const {
  return H5Aexists_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT) > 0;
}

std::string Hdf5File::attribute_text(const std::string& object, const std::string& name) const {
  const Hdf5Handle attribute(
      H5Aopen_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (attribute < 0) fail("attribute " + name + " is missing");
  const Hdf5Handle type(H5Aget_type(attribute), H5Tclose);
  const Hdf5Handle space(H5Aget_space(attribute), H5Sclose);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (count < 0 || count > kMostTexts) fail("attribute " + name + " cannot be read");
  herr_t status = -1;
  std::string text;
  if (H5Tget_class(type) == H5T_INTEGER && count == 1) {
    std::int64_t number = 0;
    status = H5Aread(attribute, H5T_NATIVE_INT64, &number);
    text = std::to_string(number);
  } else if (H5Tget_class(type) == H5T_FLOAT && count == 1) {
    double number = 0;
    status = H5Aread(attribute, H5T_NATIVE_DOUBLE, &number);
    text = exact_number_text(number);
  } else if (H5Tis_variable_str(type) > 0) {
    std::vector<char*> texts(static_cast<std::size_t>(count));
    status = H5Aread(attribute, type, texts.data());
    if (status >= 0) text = joined(texts);
    if (status >= 0) H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts.data());
  }
  if (status < 0) fail("attribute " + name + " cannot be read");
  return text;
}

}  // namespace fdbench
