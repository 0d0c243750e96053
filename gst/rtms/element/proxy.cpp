// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy.h"

namespace rtms {
namespace {

// Keeps the type: rtmssrc has its own types for numbers.
template <typename Spec>
GParamSpec *copy_number(GParamSpec *spec, GParamFlags flags) {
  auto copy = static_cast<Spec *>(
      g_param_spec_internal(G_PARAM_SPEC_TYPE(spec), g_param_spec_get_name(spec),
                            g_param_spec_get_nick(spec), g_param_spec_get_blurb(spec), flags));
  auto of = reinterpret_cast<Spec *>(spec);
  copy->minimum = of->minimum;
  copy->maximum = of->maximum;
  copy->default_value = of->default_value;
  return &copy->parent_instance;
}

GParamSpec *copy_spec(GParamSpec *spec) {
  const char *name = g_param_spec_get_name(spec), *nick = g_param_spec_get_nick(spec),
             *blurb = g_param_spec_get_blurb(spec);
  const auto flags = static_cast<GParamFlags>(spec->flags | G_PARAM_STATIC_STRINGS);
  if (G_IS_PARAM_SPEC_STRING(spec))
    return g_param_spec_string(name, nick, blurb, G_PARAM_SPEC_STRING(spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_BOOLEAN(spec))
    return g_param_spec_boolean(name, nick, blurb, G_PARAM_SPEC_BOOLEAN(spec)->default_value,
                                flags);
  if (G_IS_PARAM_SPEC_ENUM(spec))
    return g_param_spec_enum(name, nick, blurb, spec->value_type,
                             G_PARAM_SPEC_ENUM(spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_FLAGS(spec))
    return g_param_spec_flags(name, nick, blurb, spec->value_type,
                              G_PARAM_SPEC_FLAGS(spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_OBJECT(spec))
    return g_param_spec_object(name, nick, blurb, spec->value_type, flags);
  if (G_IS_PARAM_SPEC_BOXED(spec))
    return g_param_spec_boxed(name, nick, blurb, spec->value_type, flags);
  if (G_IS_PARAM_SPEC_INT(spec))
    return copy_number<GParamSpecInt>(spec, flags);
  if (G_IS_PARAM_SPEC_UINT(spec))
    return copy_number<GParamSpecUInt>(spec, flags);
  if (G_IS_PARAM_SPEC_UINT64(spec))
    return copy_number<GParamSpecUInt64>(spec, flags);
  return nullptr;
}

struct Action {
  GClosure closure;
  guint id;
  GstElement *(*find)(gpointer instance);
};

void forward(GClosure *closure, GValue *result, guint count, const GValue *values, gpointer,
             gpointer) {
  auto action = reinterpret_cast<Action *>(closure);
  std::vector<GValue> arguments(count);
  g_value_init(&arguments[0], GST_TYPE_ELEMENT);
  g_value_set_object(&arguments[0], action->find(g_value_get_object(&values[0])));
  for (guint at = 1; at < count; at++) {
    g_value_init(&arguments[at], G_VALUE_TYPE(&values[at]));
    g_value_copy(&values[at], &arguments[at]);
  }
  g_signal_emitv(arguments.data(), action->id, 0, result);
  for (GValue &argument : arguments)
    g_value_unset(&argument);
}

}  // namespace

void install_proxied_properties(GObjectClass *klass, GType inner) {
  auto inner_class = static_cast<GObjectClass *>(g_type_class_ref(inner));
  guint count = 0;
  GParamSpec **specs = g_object_class_list_properties(inner_class, &count);
  for (guint at = 0; at < count; at++) {
    if (specs[at]->owner_type != inner)
      continue;
    GParamSpec *copy = copy_spec(specs[at]);
    if (copy)
      g_object_class_install_property(klass, kFirstProxied + at, copy);
    else
      g_critical("property %s is of a type that is not proxied", specs[at]->name);
  }
  g_free(specs);
  g_type_class_unref(inner_class);
}

void install_proxied_actions(GType type, GType inner, GstElement *(*find)(gpointer instance)) {
  gpointer inner_class = g_type_class_ref(inner);
  guint count = 0;
  guint *ids = g_signal_list_ids(inner, &count);
  for (guint at = 0; at < count; at++) {
    GSignalQuery query;
    g_signal_query(ids[at], &query);
    if (!(query.signal_flags & G_SIGNAL_ACTION))
      continue;
    GClosure *closure = g_closure_new_simple(sizeof(Action), nullptr);
    reinterpret_cast<Action *>(closure)->id = ids[at];
    reinterpret_cast<Action *>(closure)->find = find;
    g_closure_set_marshal(closure, forward);
    std::vector<GType> types(query.param_types, query.param_types + query.n_params);
    g_signal_newv(query.signal_name, type, query.signal_flags, closure, nullptr, nullptr, nullptr,
                  query.return_type, query.n_params, types.data());
  }
  g_free(ids);
  g_type_class_unref(inner_class);
}

}  // namespace rtms
