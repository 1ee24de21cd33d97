using System.Reflection;
using Mono.Cecil;
using NetArchTest.Rules;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>A part of an assembly and what it may use of the other parts.</summary>
/// <param name="Name">What it is called in messages and in <paramref name="Uses"/>.</param>
/// <param name="Uses">Other layers, and namespaces or types of other layers and of foreign libraries.</param>
/// <param name="Members">Namespaces, with those below them, and types; the longest name that fits decides.</param>
internal sealed record Layer(string Name, string[] Uses, params string[] Members);

/// <summary>Judges the compiled code: every type that is named in a signature, a body, an attribute or a lambda is an arrow.</summary>
/// <param name="assembly">Holds all layers.</param>
/// <param name="foreign">Types of a library that only those layers may use that name them, or their namespace.</param>
internal sealed class Layers(Assembly assembly, IReadOnlyList<Layer> layers, params Type[] foreign)
{
    private readonly List<Type> _types = [.. assembly.GetTypes().Where(type => !type.IsNested && !IsGenerated(type))];

    /// <summary>The types that are in no layer.</summary>
    public IEnumerable<string> Homeless => _types.Where(type => LayerOf(type.FullName!) is null).Select(type => $"{type.FullName} is in no layer");

    /// <summary>A line for every type with an arrow that points the wrong way.</summary>
    public IEnumerable<string> WrongArrows => layers.SelectMany(layer =>
    {
        var forbidden = _types.Concat(foreign).Where(type => !MayUse(layer, type)).Select(type => type.FullName!).ToArray();
        return Members().ShouldNot().HaveDependencyOnAny(forbidden).GetResult().FailingTypes
            .Concat(Members().Should().MeetCustomRule(new NoQuietArrow(forbidden)).GetResult().FailingTypes)
            .Select(type => $"{layer.Name}: {type.FullName}: {type.Explanation}");

        // Made for each rule: a list collects the rules that are asked of it.
        PredicateList Members() => Types.InAssembly(assembly).That().MeetCustomRule(type => LayerOf(Outermost(type).FullName) == layer);
    });

    // Compilers and source generators write into namespaces of their own.
    private static bool IsGenerated(Type type) =>
        type.Namespace is null || type.FullName!.Contains('<') || type.Namespace.Split('.') is ["System", ..] or [.., "Generated" or "SourceGeneration"];

    private static TypeDefinition Outermost(TypeDefinition type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static bool Fits(string type, string member) => type == member || type.StartsWith(member + ".", StringComparison.Ordinal);

    private bool MayUse(Layer layer, Type type) =>
        layer.Uses.Any(use => Fits(type.FullName!, use))
        || (LayerOf(type.FullName!) is { } target && (target == layer || layer.Uses.Contains(target.Name)));

    private Layer? LayerOf(string type) => layers.Where(layer => layer.Members.Any(member => Fits(type, member)))
        .MaxBy(layer => layer.Members.Where(member => Fits(type, member)).Max(member => member.Length));

    /// <summary>What NetArchTest does not look at: the types that a <c>catch</c> names, and those in the arguments of attributes.</summary>
    private sealed class NoQuietArrow(string[] forbidden) : ICustomRule2
    {
        public CustomRuleResult MeetsRule(TypeDefinition type)
        {
            var found = Quiet(type).Select(used => Outermost(used.Resolve()).FullName).FirstOrDefault(forbidden.Contains);
            return new CustomRuleResult(found is null, $"Catches, or names in an attribute: {found}");
        }

        private static IEnumerable<TypeReference> Quiet(TypeDefinition type)
        {
            Mono.Cecil.ICustomAttributeProvider[] members = [type, .. type.Methods, .. type.Properties, .. type.Fields];
            var inAttributes = members.SelectMany(member => member.CustomAttributes)
                .SelectMany(attribute => attribute.ConstructorArguments.Concat(attribute.Properties.Select(property => property.Argument)))
                .Select(argument => argument.Value).OfType<TypeReference>();
            var caught = type.Methods.Where(method => method.HasBody).SelectMany(method => method.Body.ExceptionHandlers)
                .Select(handler => handler.CatchType).OfType<TypeReference>();
            return inAttributes.Concat(caught).Concat(type.NestedTypes.SelectMany(Quiet));
        }
    }
}
