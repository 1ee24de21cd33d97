using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>Writes the public and protected members of types as text that reads like C#, always in the same order.</summary>
internal static class PublicApiWriter
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Write(IEnumerable<Type> types)
    {
        var text = new StringBuilder();
        foreach (var type in types.OrderBy(type => type.Namespace, StringComparer.Ordinal).ThenBy(type => CSharpNames.Of(type), StringComparer.Ordinal))
        {
            text.Append(Header(type)).Append('\n');
            foreach (var member in Members(type).Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(member).Append('\n');
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Header(Type type)
    {
        var kind = type switch
        {
            { IsInterface: true } => "interface",
            { IsEnum: true } => "enum",
            { IsValueType: true } => (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "") + (IsRecord(type) ? "record struct" : "struct"),
            _ => (type is { IsAbstract: true, IsSealed: true } ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "") + (IsRecord(type) ? "record" : "class"),
        };
        var own = type.GetInterfaces().Except(type.GetInterfaces().SelectMany(parent => parent.GetInterfaces())).Except(type.BaseType?.GetInterfaces() ?? []);
        var parents = own.Where(parent => parent.IsVisible && !type.IsEnum).Select(parent => CSharpNames.Of(parent)).Order(StringComparer.Ordinal).ToList();
        if (type is { IsClass: true, BaseType: { } basis } && basis != typeof(object))
        {
            parents.Insert(0, CSharpNames.Of(basis));
        }

        return $"public {kind} {type.Namespace}.{CSharpNames.Of(type)}{(parents.Count > 0 ? " : " + string.Join(", ", parents) : "")}{CSharpNames.Constraints(type.GetGenericArguments())}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}");
        }

        return type.GetConstructors(Declared).Where(IsShown).Where(item => !IsGenerated(item)).Select(item => $"{Access(item)}{CSharpNames.Plain(type.Name)}({Parameters(item)})")
            .Concat(type.GetFields(Declared).Where(field => (field.IsPublic || field.IsFamily) && !IsGenerated(field)).Select(Field))
            .Concat(type.GetProperties(Declared).Where(item => item.GetAccessors(true).Any(IsShown) && !IsGenerated(item) && item.Name != "EqualityContract").Select(Property))
            .Concat(type.GetEvents(Declared).Where(item => IsShown(item.AddMethod!)).Select(item => $"public event {CSharpNames.Of(item.EventHandlerType!)} {item.Name}"))
            .Concat(type.GetMethods(Declared).Where(item => IsShown(item) && !item.IsSpecialName && !IsGenerated(item)).Select(Method));
    }

    private static string Field(FieldInfo field) => field.IsLiteral
        ? $"public const {CSharpNames.Of(field.FieldType)} {field.Name} = {CSharpNames.Literal(field.GetRawConstantValue())}"
        : $"public {(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{CSharpNames.Of(field)} {field.Name}";

    private static string Property(PropertyInfo property)
    {
        var accessor = property.GetAccessors(true).First(IsShown);
        var isRequired = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        var index = property.GetIndexParameters().Length > 0 ? $"this[{Parameters(accessor)}]" : property.Name;
        var get = property.GetMethod is { } getter && IsShown(getter) ? " get;" : "";
        var isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        var set = property.SetMethod is { } setter && IsShown(setter) ? (isInit ? " init;" : " set;") : "";
        return $"{Access(accessor)}{Modifiers(accessor)}{isRequired}{CSharpNames.Of(property)} {index} {{{get}{set} }}";
    }

    private static string Method(MethodInfo method)
    {
        var arguments = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";
        return $"{Access(method)}{Modifiers(method)}{CSharpNames.Of(method.ReturnParameter)} {method.Name}{arguments}({Parameters(method)}){CSharpNames.Constraints(method.GetGenericArguments())}";
    }

    private static string Parameters(MethodBase method)
    {
        var isExtension = method.IsDefined(typeof(ExtensionAttribute));
        return string.Join(", ", method.GetParameters().Select(parameter =>
            (isExtension && parameter.Position == 0 ? "this " : "")
            + (parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params " : "")
            + (parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? (parameter.IsIn ? "in " : "ref ") : "")
            + $"{CSharpNames.Of(parameter)} {parameter.Name}"
            + (parameter.HasDefaultValue ? $" = {CSharpNames.Default(parameter)}" : "")));
    }

    private static string Access(MethodBase method) => method.DeclaringType!.IsInterface ? "" : method.IsPublic ? "public " : "protected ";

    private static string Modifiers(MethodInfo method) => method switch
    {
        { IsStatic: true } => "static ",
        { DeclaringType.IsInterface: true } => "",
        { IsAbstract: true } => "abstract ",
        { IsVirtual: true, IsFinal: false } when method.GetBaseDefinition() != method => "override ",
        { IsVirtual: true, IsFinal: false } when !method.DeclaringType!.IsSealed => "virtual ",
        _ => "",
    };

    private static bool IsShown(MethodBase method) =>
        method.IsPublic || ((method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed);

    private static bool IsRecord(Type type) =>
        type.GetMethod("PrintMembers", Declared) is { } print && print.IsDefined(typeof(CompilerGeneratedAttribute));

    // A record's own members; a property with a generated body is not one of them, it is the user's.
    private static bool IsGenerated(MemberInfo member) => member is not PropertyInfo && member.IsDefined(typeof(CompilerGeneratedAttribute));
}
