// Hdf5File: arrays and dimension scales.
#include <hdf5_hl.h>

#include "core/error.h"
#include "results/hdf5.h"

namespace fdbench {
namespace {

constexpr int kGzipLevel = 4;

hid_t file_type(at::ScalarType dtype) {
  switch (dtype) {
    case at::kDouble:
      return H5T_IEEE_F64LE;
    case at::kFloat:
      return H5T_IEEE_F32LE;
    case at::kLong:
      return H5T_STD_I64LE;
    case at::kInt:
      return H5T_STD_I32LE;
    case at::kByte:
      return H5T_STD_U8LE;
    default:
      throw runtime_error(std::string("arrays of ") + at::toString(dtype) + " cannot be stored");
  }
}

hid_t memory_type(at::ScalarType dtype) {
  switch (dtype) {
    case at::kDouble:
      return H5T_NATIVE_DOUBLE;
    case at::kFloat:
      return H5T_NATIVE_FLOAT;
    case at::kLong:
      return H5T_NATIVE_INT64;
    case at::kInt:
      return H5T_NATIVE_INT32;
    default:
      return H5T_NATIVE_UINT8;
  }
}

at::ScalarType stored_dtype(hid_t type) {
  const std::size_t size = H5Tget_size(type);
  if (H5Tget_class(type) == H5T_FLOAT) return size == 8 ? at::kDouble : at::kFloat;
  if (H5Tget_class(type) != H5T_INTEGER) throw runtime_error("not an array of numbers");
  return size == 8 ? at::kLong : size == 4 ? at::kInt : at::kByte;
}

std::vector<hsize_t> sizes(const std::vector<std::int64_t>& shape) {
  return {shape.begin(), shape.end()};
}

Hdf5Handle creation_properties(const ArrayLayout& layout) {
  Hdf5Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_fill_value(properties, H5T_NATIVE_DOUBLE, &layout.fill);
  if (layout.chunk.empty()) return properties;
  const std::vector<hsize_t> chunk = sizes(layout.chunk);
  H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
  H5Pset_shuffle(properties);
  H5Pset_deflate(properties, kGzipLevel);
  return properties;
}

}  // namespace

void Hdf5File::create_array(const std::string& name, const ArrayLayout& layout) {
  const std::vector<hsize_t> shape = sizes(layout.shape);
  const Hdf5Handle space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr),
                         H5Sclose);
  const Hdf5Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links, 1);
  const Hdf5Handle properties = creation_properties(layout);
  const Hdf5Handle dataset(H5Dcreate2(file_, name.c_str(), file_type(layout.dtype), space, links,
                                      properties, H5P_DEFAULT),
                           H5Dclose);
  if (dataset < 0) fail("dataset " + name + " cannot be created");
}

void Hdf5File::write(const std::string& name, const std::vector<std::int64_t>& start,
                     at::Tensor values) {
  values = values.cpu().contiguous();
  const Hdf5Handle dataset = open_dataset(name);
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  const std::size_t rank = static_cast<std::size_t>(H5Sget_simple_extent_ndims(space));
  std::vector<hsize_t> offset(rank, 0), count(rank, 1);
  std::copy(start.begin(), start.end(), offset.begin());
  std::copy(values.sizes().begin(), values.sizes().end(), count.end() - values.dim());
  if (H5Sselect_hyperslab(space, H5S_SELECT_SET, offset.data(), nullptr, count.data(), nullptr) <
      0) {
    fail("dataset " + name + " cannot be written");
  }
  const Hdf5Handle memory(H5Screate_simple(static_cast<int>(rank), count.data(), nullptr),
                          H5Sclose);
  if (H5Dwrite(dataset, memory_type(values.scalar_type()), memory, space, H5P_DEFAULT,
               values.const_data_ptr()) < 0) {
    fail("dataset " + name + " cannot be written");
  }
}

at::Tensor Hdf5File::read(const std::string& name) const {
  const Hdf5Handle dataset = open_dataset(name);
  const Hdf5Handle type(H5Dget_type(dataset), H5Tclose);
  const at::ScalarType dtype = stored_dtype(type);
  const std::vector<hsize_t> shape = checked_shape(name, dataset, c10::elementSize(dtype));
  at::Tensor values =
      at::empty(std::vector<std::int64_t>(shape.begin(), shape.end()), at::TensorOptions(dtype));
  if (H5Dread(dataset, memory_type(dtype), H5S_ALL, H5S_ALL, H5P_DEFAULT,
              values.mutable_data_ptr()) < 0) {
    fail("dataset " + name + " cannot be read");
  }
  return values;
}

void Hdf5File::make_scale(const std::string& name, const std::string& label) {
  if (H5DSset_scale(open_dataset(name), label.c_str()) < 0) fail(name + " cannot become a scale");
}

void Hdf5File::attach_scale(const std::string& dataset, int axis, const std::string& scale) {
  const Hdf5Handle target = open_dataset(dataset);
  if (H5DSattach_scale(target, open_dataset(scale), static_cast<unsigned>(axis)) < 0) {
    fail("scale " + scale + " cannot be attached to " + dataset);
  }
}

}  // namespace fdbench
