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
            foreach (var member in Members(type))
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
        var parents = own.Where(parent => parent.IsVisible && !type.IsEnum && !(IsRecord(type) && parent.Name == "IEquatable`1")).Select(parent => CSharpNames.Of(parent)).Order(StringComparer.Ordinal).ToList();
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
            return Enum.GetNames(type).Select(name => (name, value: Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)))
                .OrderBy(item => item.value).Select(item => $"{item.name} = {item.value}");
        }

        return Sorted(type.GetFields(Declared).Where(field => (field.IsPublic || field.IsFamily) && !IsGenerated(field)), Field)
            .Concat(Sorted(type.GetConstructors(Declared).Where(item => IsShown(item) && !IsGenerated(item)), item => $"{Access(item)}{CSharpNames.Plain(type.Name)}({Parameters(item)})"))
            .Concat(Sorted(type.GetProperties(Declared).Where(item => item.GetAccessors(true).Any(IsShown) && item.Name != "EqualityContract"), Property))
            .Concat(Sorted(type.GetEvents(Declared).Where(item => IsShown(item.AddMethod!)), item => $"public event {CSharpNames.Of(item.EventHandlerType!)} {item.Name}"))
            .Concat(Sorted(type.GetMethods(Declared).Where(item => IsShown(item) && !item.IsSpecialName && !IsGenerated(item)), Method));
    }

    private static IEnumerable<string> Sorted<T>(IEnumerable<T> members, Func<T, string> text)
        where T : MemberInfo =>
        members.Select(member => (member.Name, Text: text(member)))
            .OrderBy(item => item.Name, StringComparer.Ordinal).ThenBy(item => item.Text, StringComparer.Ordinal).Select(item => item.Text);

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

    // What a record is given by the compiler.
    private static bool IsGenerated(MemberInfo member) => member.IsDefined(typeof(CompilerGeneratedAttribute));
}
